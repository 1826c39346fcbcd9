// SPDX-License-Identifier: Apache-2.0
// A picture as bytes, and how it comes out of a file: PNG by libpng, JPEG by libjpeg-turbo, and PPM and PGM
// here, since TurboJPEG's reader of them allocates what a header claims before anybody can look at it. What a
// file is, its first bytes tell, not its name. The files are anybody's: sizes are bounded, and whatever does
// not decode cleanly to its end is refused.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

namespace layerwatt {

struct Image {
  std::int64_t width = 0, height = 0;
  std::int64_t channels = 3;         // 3: red, green, blue; 1: grey
  std::vector<std::uint8_t> pixels;  // rows from the top, channels of a pixel side by side
};

inline constexpr std::int64_t longest_side = 16'384;
inline constexpr std::int64_t most_pixels = std::int64_t{1} << 26;  // 192 MiB as red, green and blue
inline constexpr std::uintmax_t largest_image_file = std::uintmax_t{1} << 27;  // bytes

// `where` is how errors call it. malformed: not a picture, damaged, cut short, too large; unsupported: of a
// kind that is not read, here or in this build.
Result<Image> decode_image(std::span<const std::uint8_t> bytes, const std::string& where);
Result<Image> read_image(const std::filesystem::path& path);

// As PPM or PGM, which every program of pictures reads.
Result<void> write_image(const Image& image, const std::filesystem::path& path);

// By its name: .png, .jpg, .jpeg, .ppm, .pgm, in any case.
bool is_named_as_image(const std::filesystem::path& path);

// With so many channels, 1 or 3: grey is 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), as in most
// programs.
Image with_channels(Image image, std::int64_t channels);

}  // namespace layerwatt
