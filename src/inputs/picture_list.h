// SPDX-License-Identifier: Apache-2.0
// Which files are the pictures, and what each shows. Looks at names only; no picture is opened.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace layerwatt {

inline constexpr std::size_t most_pictures = 10'000'000;

struct Picture {
  std::filesystem::path path;
  std::optional<std::uint32_t> label;  // number of the class, from 0
};

// `input`: a picture, or a folder of them; with labels it may be empty, and is then where these are.
// `labels`:
// - empty: none;
// - a folder with a sub-folder for each class: classes are numbered in the order of the names of sub-folders,
//   or, where all names are numbers, by these;
// - a file with a line "NAME CLASS" for each picture, names below `input`, or with a line "CLASS" for each,
//   in the order of their names. Lines may be empty or begin with #.
// Pictures are in the order of their names, in a labels file of names in its order. not_found: no pictures,
// or one that labels name and that is not there; malformed: labels that do not say what they should.
Result<std::vector<Picture>> list_pictures(const std::filesystem::path& input,
                                           const std::filesystem::path& labels);

}  // namespace layerwatt
