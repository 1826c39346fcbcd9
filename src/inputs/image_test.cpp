// SPDX-License-Identifier: Apache-2.0
// Decoders against what other tools made (tests/fixtures/images/PROVENANCE), and damaged files.
#include "inputs/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using testing::HasSubstr;

const std::filesystem::path fixtures = std::filesystem::path{LAYERWATT_FIXTURES} / "images";

Image read_fixture(const std::string& name) {
  auto image = read_image(fixtures / name);
  EXPECT_TRUE(image) << image.error().where << ": " << image.error().detail;
  return image ? std::move(*image) : Image{};
}

std::vector<std::uint8_t> bytes_of(const std::string& name) {
  std::ifstream file{fixtures / name, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void expect_same(const Image& a, const Image& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  ASSERT_EQ(a.channels, b.channels);
  EXPECT_EQ(a.pixels, b.pixels);
}

TEST(Image, ReadsPpmAsItWasWritten) {
  const Image image = read_fixture("pattern.ppm");
  ASSERT_EQ(image.width, 6);
  ASSERT_EQ(image.height, 4);
  for (std::size_t y = 0; y < 4; ++y)
    for (std::size_t x = 0; x < 6; ++x)
      for (std::size_t c = 0; c < 3; ++c)
        ASSERT_EQ(image.pixels[(y * 6 + x) * 3 + c], (x * 40 + y * 3 + c * 17) % 256);
}

TEST(Image, ReadsPngWithOrWithoutTransparencyAsItsSource) {
  expect_same(read_fixture("pattern.png"), read_fixture("pattern.ppm"));
  expect_same(read_fixture("alpha.png"), read_fixture("pattern.ppm"));
}

TEST(Image, ReadsGreyAsOneChannel) {
  expect_same(read_fixture("grey.png"), read_fixture("grey.pgm"));
  EXPECT_EQ(read_fixture("grey.pgm").channels, 1);
  EXPECT_EQ(read_fixture("grey.jpg").channels, 1);
}

TEST(Image, ReadsJpegAsNetpbmDoes) {
  expect_same(read_fixture("photo.jpg"), read_fixture("photo_decoded.ppm"));
}

TEST(Image, GoesByWhatIsInAFileAndNotByItsName) {
  const TemporaryTree tree;
  std::filesystem::copy(fixtures / "photo.jpg", tree.at("/a.png"));
  const auto image = read_image(tree.at("/a.png"));
  ASSERT_TRUE(image) << image.error().detail;
  expect_same(*image, read_fixture("photo.jpg"));
}

// ppmtopgm weighs with .299, .587 and .114, too, in fixed point: it may round the other way.
TEST(Image, MakesGreyAsNetpbmDoes) {
  const Image made = with_channels(read_fixture("pattern.ppm"), 1), expected = read_fixture("grey.pgm");
  ASSERT_EQ(made.pixels.size(), expected.pixels.size());
  for (std::size_t i = 0; i < made.pixels.size(); ++i)
    EXPECT_NEAR(made.pixels[i], expected.pixels[i], 1) << i;
}

TEST(Image, ComesBackAsItWasWritten) {
  const TemporaryTree tree;
  for (const char* name : {"pattern.ppm", "grey.pgm"}) {
    ASSERT_TRUE(write_image(read_fixture(name), tree.at("/out")));
    const auto again = read_image(tree.at("/out"));
    ASSERT_TRUE(again);
    expect_same(*again, read_fixture(name));
  }
}

TEST(Image, RefusesEveryPictureThatIsCutShort) {
  for (const char* name : {"pattern.ppm", "grey.pgm", "pattern.png", "alpha.png", "photo.jpg"}) {
    const auto whole = bytes_of(name);
    for (std::size_t length = 0; length < whole.size(); length += 1 + length / 16) {
      const auto cut = decode_image(std::span{whole}.first(length), name);
      // What ends a PNG or JPEG may be missing where all pixels are there.
      if (cut)
        EXPECT_GT(length, whole.size() * 9 / 10) << name;
      else
        EXPECT_EQ(cut.error().where, name);
    }
  }
}

TEST(Image, RefusesAPngWhosePixelsWereDamaged) {
  auto bytes = bytes_of("pattern.png");
  bytes[bytes.size() / 2] ^= 0x40;  // a checksum no longer fits
  const auto image = decode_image(bytes, "damaged.png");
  ASSERT_FALSE(image);
  EXPECT_THAT(image.error().detail, HasSubstr("damaged PNG"));
}

TEST(Image, RefusesSizesThatNobodyHas) {
  const std::string claims[] = {"P6 100000 100000 255\n",
                                "P6 16384 16384 255\n",
                                "P5 99999999999999999999 1 255\n",
                                "P6 0 4 255\n",
                                "P6 4",
                                "P6"};
  for (const std::string& claim : claims) {
    const std::vector<std::uint8_t> bytes(claim.begin(), claim.end());
    const auto image = decode_image(bytes, "huge.ppm");
    ASSERT_FALSE(image) << claim;
    EXPECT_EQ(image.error().where, "huge.ppm");
  }
  auto png = bytes_of("pattern.png");
  png[16] = 0x7f;  // the width's highest byte; its checksum does not fit either
  EXPECT_FALSE(decode_image(png, "huge.png"));
}

TEST(Image, SaysWhatItDoesNotRead) {
  const std::string text = "just some text";
  EXPECT_THAT(decode_image(std::vector<std::uint8_t>(text.begin(), text.end()), "a").error().detail,
              HasSubstr("is not a picture"));
  EXPECT_THAT(decode_image({}, "a").error().detail, HasSubstr("is empty"));
  EXPECT_THAT(decode_image(bytes_of("cmyk.jpg"), "a").error().detail, HasSubstr("CMYK"));
  const std::string deep = "P6 1 1 65535\n123456";
  EXPECT_THAT(decode_image(std::vector<std::uint8_t>(deep.begin(), deep.end()), "a").error().detail,
              HasSubstr("8 bits"));
  EXPECT_EQ(read_image("/no/such/picture.png").error().code, Errc::not_found);
  EXPECT_THAT(read_image("/dev/null").error().detail, HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace layerwatt
