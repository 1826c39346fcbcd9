// SPDX-License-Identifier: Apache-2.0
// Against Pillow's BILINEAR: tests/fixtures/images/PROVENANCE.
#include "inputs/resize.h"

#include <gtest/gtest.h>

#include <string>

namespace layerwatt {
namespace {

Image fixture_named(const std::string& name) {
  auto image = read_image(std::string{LAYERWATT_FIXTURES} + "/images/" + name);
  EXPECT_TRUE(image);
  return image ? std::move(*image) : Image{};
}

// Pillow computes with weights of 22 bits, so that a half may be rounded the other way.
void expect_resized(const std::string& name, std::int64_t width, std::int64_t height) {
  const Image made = resized(fixture_named("photo_source.ppm"), width, height),
              expected = fixture_named(name);
  ASSERT_EQ(made.pixels.size(), expected.pixels.size());
  for (std::size_t i = 0; i < made.pixels.size(); ++i)
    ASSERT_NEAR(made.pixels[i], expected.pixels[i], 1) << i;
}

TEST(Resize, ShrinksAsPillowDoes) { expect_resized("photo_small.ppm", 16, 9); }
TEST(Resize, EnlargesAsPillowDoes) { expect_resized("photo_large.ppm", 64, 36); }

TEST(Resize, LeavesAPictureOfOneColourAsItIs) {
  const Image made = resized({7, 5, 3, std::vector<std::uint8_t>(105, 77)}, 31, 2);
  EXPECT_EQ(made.pixels, std::vector<std::uint8_t>(31 * 2 * 3, 77));
}

TEST(Resize, KeepsTheSizeThatThereIs) {
  const Image source = fixture_named("photo_source.ppm");
  EXPECT_EQ(resized(source, source.width, source.height).pixels, source.pixels);
}

}  // namespace
}  // namespace layerwatt
