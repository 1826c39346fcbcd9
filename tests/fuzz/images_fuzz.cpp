// SPDX-License-Identifier: Apache-2.0
// Any bytes given as a picture, and as a file of labels beside three pictures: they may be refused, and must
// not crash, hang or break the promises of inputs/. The first byte says which of the two the rest is.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fuzz_target.h"
#include "inputs/image.h"
#include "inputs/picture_list.h"
#include "inputs/preprocessing.h"

namespace {

using namespace layerwatt;

void require_reason(const Error& error) {
  require(!error.where.empty() && !error.detail.empty(), "a refusal says what and where");
}

void read_picture(std::span<const std::uint8_t> bytes) {
  auto image = decode_image(bytes, "picture");
  if (!image) return require_reason(image.error());
  require(image->width > 0 && image->height > 0, "a picture has pixels");
  require(image->channels == 1 || image->channels == 3, "a picture is grey or has three colours");
  require(image->pixels.size() == static_cast<std::size_t>(image->width * image->height * image->channels),
          "every pixel is there");
  // Large ones decode slowly enough.
  if (image->width * image->height > 1 << 16) return;
  for (const char* rule : {"crop", "stretch:9"}) {
    const auto made = fitted(*image, *ResizeRule::parse(rule), 8, 6, "picture");
    if (!made) require_reason(made.error());
    require(!made || (made->width == 8 && made->height == 6),
            "a picture becomes as large as the network wants");
  }
}

// Made once, for the life of the process, and left behind.
const std::filesystem::path& pictures() {
  static const std::filesystem::path folder = [] {
    std::string name = (std::filesystem::temp_directory_path() / "layerwatt_fuzz_XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, "a folder can be made");
    for (const char* one : {"a.png", "b.jpg", "c.ppm"})
      std::ofstream{std::filesystem::path{name} / one} << "x";
    return std::filesystem::path{name};
  }();
  return folder;
}

void read_labels(std::span<const std::uint8_t> bytes) {
  const std::filesystem::path file = pictures() / "labels.txt";
  std::ofstream{file, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()),
                                              static_cast<std::streamsize>(bytes.size()));
  const auto found = list_pictures(pictures(), file);
  if (!found) return require_reason(found.error());
  require(!found->empty(), "no pictures are an error");
  for (const Picture& picture : *found) require(picture.label.has_value(), "every picture has a label");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span rest{data + 1, size - 1};
  if (data[0] % 8 == 0)
    read_labels(rest);
  else
    read_picture(rest);
  return 0;
}
