// SPDX-License-Identifier: Apache-2.0
// Which format a file has, the bounds of all of them, and PPM and PGM:
// https://netpbm.sourceforge.net/doc/ppm.html.
#include "inputs/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fstream>

#include "core/text.h"
#include "inputs/image_formats.h"

namespace layerwatt {

namespace {

bool begins_with(std::span<const std::uint8_t> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

// The header of PPM: numbers between white space and comments, then one white space, then pixels.
class NetpbmHeader {
 public:
  explicit NetpbmHeader(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}
  // -1 when there is none, or it is absurd.
  std::int64_t number() {
    while (at_ < bytes_.size() && (std::isspace(bytes_[at_]) != 0 || bytes_[at_] == '#'))
      if (bytes_[at_++] == '#')
        while (at_ < bytes_.size() && bytes_[at_] != '\n') ++at_;
    if (at_ == bytes_.size() || std::isdigit(bytes_[at_]) == 0) return -1;
    std::int64_t value = 0;
    for (; at_ < bytes_.size() && std::isdigit(bytes_[at_]) != 0; ++at_) {
      value = value * 10 + (bytes_[at_] - '0');
      if (value > most_pixels) return most_pixels + 1;
    }
    return value;
  }
  std::span<const std::uint8_t> pixels() const { return bytes_.subspan(std::min(at_ + 1, bytes_.size())); }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 2;  // behind "P6"
};

}  // namespace

Result<Image> room_for(std::int64_t width, std::int64_t height, std::int64_t channels,
                       const std::string& where) {
  if (width < 1 || height < 1) return Error{Errc::malformed, where, "has a header that names no size"};
  if (width > longest_side || height > longest_side || width * height > most_pixels)
    return Error{
        Errc::malformed, where,
        fmt::format("says that it is {} x {}; pictures of up to {} x {} and {} million pixels are read",
                    width, height, longest_side, longest_side, most_pixels >> 20)};
  Image image{width, height, channels, {}};
  image.pixels.resize(static_cast<std::size_t>(width * height * channels));
  return image;
}

Result<Image> decode_netpbm(std::span<const std::uint8_t> bytes, const std::string& where) {
  NetpbmHeader header{bytes};
  const std::int64_t width = header.number(), height = header.number(), most = header.number();
  if (width >= 0 && height >= 0 && most != 255)
    return Error{Errc::unsupported, where,
                 "is a PPM or PGM of other than 8 bits; its third number must be 255"};
  // What is not there is not made room for.
  if (width > 0 && height > 0 && width <= longest_side && height <= longest_side &&
      header.pixels().size() < static_cast<std::size_t>(width * height * (bytes[1] == '6' ? 3 : 1)))
    return Error{Errc::malformed, where, "is cut short: pixels are missing"};
  auto image = room_for(width, height, bytes[1] == '6' ? 3 : 1, where);
  if (image) std::copy_n(header.pixels().begin(), image->pixels.size(), image->pixels.begin());
  return image;
}

Result<Image> decode_image(std::span<const std::uint8_t> bytes, const std::string& where) {
  if (begins_with(bytes, "\x89PNG\r\n\x1a\n")) return decode_png(bytes, where);
  if (begins_with(bytes, "\xff\xd8\xff")) return decode_jpeg(bytes, where);
  if (begins_with(bytes, "P6") || begins_with(bytes, "P5")) return decode_netpbm(bytes, where);
  return Error{Errc::malformed, where,
               bytes.empty() ? "is empty" : "is not a picture: PNG, JPEG, and binary PPM and PGM are read"};
}

Result<Image> read_image(const std::filesystem::path& path) {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status)) return Error{Errc::not_found, path.string(), "there is no such file"};
  if (!std::filesystem::is_regular_file(status))
    return Error{Errc::malformed, path.string(), "is not a regular file"};
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  if (failure) return system_error(failure.value(), path.string(), "reading");
  if (size > largest_image_file)
    return Error{Errc::malformed, path.string(),
                 fmt::format("has {} MB; pictures have up to {}", size >> 20, largest_image_file >> 20)};
  std::vector<std::uint8_t> bytes(size);
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  if (!file) return system_error(errno != 0 ? errno : EIO, path.string(), "opening");
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (file.gcount() != static_cast<std::streamsize>(size))
    return system_error(errno != 0 ? errno : EIO, path.string(), "reading");
  return decode_image(bytes, path.string());
}

Result<void> write_image(const Image& image, const std::filesystem::path& path) {
  errno = 0;
  std::ofstream file{path, std::ios::binary};
  file << fmt::format("P{}\n{} {}\n255\n", image.channels == 3 ? 6 : 5, image.width, image.height);
  file.write(reinterpret_cast<const char*>(image.pixels.data()),
             static_cast<std::streamsize>(image.pixels.size()));
  file.close();
  if (!file) return system_error(errno != 0 ? errno : EIO, path.string(), "writing");
  return {};
}

bool is_named_as_image(const std::filesystem::path& path) {
  constexpr std::array endings{".png", ".jpg", ".jpeg", ".ppm", ".pgm"};
  const std::string ending = text::lower_case(path.extension().string());
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

Image with_channels(Image image, std::int64_t channels) {
  if (image.channels == channels) return image;
  Image made{image.width, image.height, channels, {}};
  const auto count = static_cast<std::size_t>(image.width * image.height);
  made.pixels.resize(count * static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < count; ++i) {
    if (channels == 3) {
      std::fill_n(&made.pixels[3 * i], 3, image.pixels[i]);
      continue;
    }
    const std::uint8_t* rgb = &image.pixels[3 * i];
    made.pixels[i] = static_cast<std::uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
  }
  return made;
}

}  // namespace layerwatt
