// SPDX-License-Identifier: Apache-2.0
// Pictures of ten shapes that a seed decides to the last bit, on every machine: only sums, products,
// quotients and comparisons, which IEEE 754 defines. What the zoo's network `shapes` was trained on
// (tools/train_shapes), and its labelled set.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>

#include "core/result.h"
#include "inputs/image.h"

namespace layerwatt {

inline constexpr std::int64_t shape_extent = 32;
inline constexpr std::array<const char*, 10> shape_names{"disc",     "ring", "square", "frame", "diamond",
                                                         "triangle", "plus", "cross",  "rows",  "columns"};

// The labelled set; training takes other seeds.
inline constexpr std::uint64_t labelled_shapes_seed = 1'000'000;
inline constexpr std::int64_t labelled_shapes = 500;  // as many of each

// A picture of shape_names[shape] in two random colours, moved, turned, scaled, and noisy.
Image shape_picture(std::size_t shape, std::uint64_t seed);

// The picture at `number` of a set of all shapes in turn.
Image shape_of_set(std::int64_t number, std::uint64_t seed);

// The labelled set as PPM, in a sub-folder for each shape, "0-disc", and its labels once more in labels.txt.
// The folder is made where it is missing.
Result<void> write_labelled_shapes(const std::filesystem::path& folder);

}  // namespace layerwatt
