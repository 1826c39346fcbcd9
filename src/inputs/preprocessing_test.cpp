// SPDX-License-Identifier: Apache-2.0
#include "inputs/preprocessing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "inputs/picture_form.h"
#include "inputs/resize.h"

namespace layerwatt {
namespace {

using testing::HasSubstr;

Image picture(std::int64_t width, std::int64_t height) {
  Image image{width, height, 3, {}};
  for (std::int64_t i = 0; i < width * height * 3; ++i)
    image.pixels.push_back(static_cast<std::uint8_t>(i * 37 % 251));
  return image;
}

Network network_of(const std::string& type, const Shape& shape) {
  Network network;
  network.inputs.push_back({"data", type, shape});
  return network;
}

std::vector<float> floats(const Image& image, const PreprocessingRequest& request, const Shape& shape) {
  const auto form = picture_form(network_of("float32", shape), "");
  const auto preprocessing = preprocessing_of(request);
  EXPECT_TRUE(form && preprocessing);
  std::vector<float> values(form->picture_bytes() / sizeof(float));
  EXPECT_TRUE(write_picture(image, *preprocessing, *form, std::as_writable_bytes(std::span{values})));
  return values;
}

// torchvision: Normalize(mean, std)(ToTensor(picture)), channel by channel.
TEST(Preprocessing, ImagenetIsTorchvisionsFormula) {
  const Image image = picture(5, 4);
  const auto values = floats(image, {.preset = "imagenet", .resize = "none"}, {1, 3, 4, 5});
  const double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225};
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t i = 0; i < 20; ++i)
      EXPECT_FLOAT_EQ(values[c * 20 + i],
                      static_cast<float>((image.pixels[i * 3 + c] / 255.0 - mean[c]) / deviation[c]));
}

// Caffe: blue first, the mean of each channel taken away, no scale.
TEST(Preprocessing, CaffeTakesTheMeanFromBlueGreenRed) {
  const Image image = picture(3, 2);
  const auto values = floats(image, {.preset = "caffe", .resize = "none"}, {1, 3, 2, 3});
  EXPECT_FLOAT_EQ(values[0], static_cast<float>(image.pixels[2]) - 104);
  EXPECT_FLOAT_EQ(values[6], static_cast<float>(image.pixels[1]) - 117);
  EXPECT_FLOAT_EQ(values[12], static_cast<float>(image.pixels[0]) - 123);
}

TEST(Preprocessing, NoneLeavesPixelsAsTheyAre) {
  const Image image = picture(3, 2);
  const auto form = picture_form(network_of("uint8", {1, 2, 3, 3}), "nhwc");
  ASSERT_TRUE(form);
  std::vector<std::byte> out(form->picture_bytes());
  ASSERT_TRUE(write_picture(image, Preprocessing{}, *form, out));
  EXPECT_EQ(std::memcmp(out.data(), image.pixels.data(), out.size()), 0);
}

TEST(Preprocessing, SingleOptionsReplaceThoseOfThePreset) {
  const auto made = preprocessing_of({.preset = "caffe", .mean = {7}, .scale = 2, .order = "rgb"});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->mean, std::vector<double>{7});
  EXPECT_EQ(made->scale, 2);
  EXPECT_FALSE(made->blue_first);
  EXPECT_EQ(made->resize.side, 256);
}

TEST(Preprocessing, RefusesWhatMakesNoSense) {
  EXPECT_FALSE(preprocessing_of({.preset = "keras"}));
  EXPECT_FALSE(preprocessing_of({.std = {0}}));
  EXPECT_FALSE(preprocessing_of({.mean = {std::numeric_limits<double>::quiet_NaN()}}));
  EXPECT_FALSE(preprocessing_of({.order = "gbr"}));
  for (const char* rule : {"", "zoom", "crop:", "crop:0", "crop:x", "none:3", "stretch:99999"})
    EXPECT_FALSE(ResizeRule::parse(rule)) << rule;
}

TEST(Preprocessing, RefusesAnotherSizeUnlessItIsToldHowToResize) {
  const auto refused = fitted(picture(5, 4), {}, 6, 4, "a.png");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where, "a.png");
  EXPECT_THAT(refused.error().detail, HasSubstr("5 x 4, and the network takes 6 x 4"));
  for (const char* rule : {"crop", "stretch", "crop:9", "stretch:9"}) {
    const auto made = fitted(picture(50, 4), *ResizeRule::parse(rule), 8, 6, "a.png");
    ASSERT_TRUE(made) << rule;
    EXPECT_EQ(made->width, 8);
    EXPECT_EQ(made->height, 6);
  }
  EXPECT_FALSE(fitted(picture(5, 4), *ResizeRule::parse("crop:5"), 6, 4, "a.png"));
}

TEST(Preprocessing, CropKeepsProportionsAndTakesTheMiddle) {
  // Twice as wide as high: columns 2 to 5 of 8.
  const Image wide = picture(8, 4);
  const auto made = fitted(wide, *ResizeRule::parse("crop"), 4, 4, "a.png");
  ASSERT_TRUE(made);
  for (std::size_t row = 0; row < 4; ++row)
    EXPECT_EQ(std::memcmp(&made->pixels[row * 12], &wide.pixels[row * 24 + 6], 12), 0);
}

TEST(Preprocessing, NarrowPicturesDoNotGrowWithoutBound) {
  Image narrow{1, 16'384, 1, std::vector<std::uint8_t>(16'384)};
  EXPECT_FALSE(fitted(std::move(narrow), *ResizeRule::parse("crop"), 224, 224, "a.png"));
}

std::uint16_t as_half(double value) {
  auto form = picture_form(network_of("float16", {1, 1, 1, 1}), "");
  std::uint16_t bits = 0;
  const Preprocessing shifted{{}, 1, {-value}, {1}, false};
  EXPECT_TRUE(write_picture({1, 1, 1, {0}}, shifted, *form, std::as_writable_bytes(std::span{&bits, 1})));
  return bits;
}

// IEEE 754 binary16, from the standard's own examples and by hand.
TEST(Preprocessing, RoundsToHalvesAsIeee754Does) {
  EXPECT_EQ(as_half(1), 0x3c00);
  EXPECT_EQ(as_half(-2), 0xc000);
  EXPECT_EQ(as_half(65504), 0x7bff);
  EXPECT_EQ(as_half(65520), 0x7c00);  // infinity
  EXPECT_EQ(as_half(1.0 / 3), 0x3555);
  EXPECT_EQ(as_half(0x1p-24), 0x0001);
  EXPECT_EQ(as_half(0x1p-14), 0x0400);
  EXPECT_EQ(as_half(1 + 0x1p-11), 0x3c00);      // half way, to the even one
  EXPECT_EQ(as_half(1 + 3 * 0x1p-11), 0x3c02);  // half way, to the even one
  EXPECT_EQ(as_half(2048 - 0.25), 0x6800);      // up into the next exponent
}

TEST(PictureForm, SaysWhatANetworkTakesInsteadOfPictures) {
  const auto refused = [](const Network& network, const std::string& layout = "") {
    const auto form = picture_form(network, layout);
    EXPECT_FALSE(form);
    return form ? std::string{} : form.error().where + ": " + form.error().detail;
  };
  EXPECT_THAT(refused(network_of("float32", {1, 128})), HasSubstr("data, float32[1, 128]"));
  EXPECT_THAT(refused(network_of("float32", {1, 4, 8, 8})), HasSubstr("1 or 3 channels"));
  EXPECT_THAT(refused(network_of("float32", {1, 3, -1, 8})), HasSubstr("float32[1, 3, ?, 8]"));
  EXPECT_THAT(refused(network_of("int64", {1, 3, 8, 8})), HasSubstr("int64"));
  EXPECT_THAT(refused(network_of("float32", {1, 3, 8, 8}), "nhwc"), HasSubstr("is no picture"));
  Network two = network_of("float32", {1, 3, 8, 8});
  two.inputs.push_back(two.inputs.front());
  EXPECT_THAT(refused(two), HasSubstr("2 inputs"));
}

TEST(PictureForm, RefusesAMeanForOtherChannelsAndValuesThatDoNotFit) {
  const auto form = picture_form(network_of("int8", {1, 1, 1, 1}), "");
  ASSERT_TRUE(form);
  std::byte out{};
  EXPECT_FALSE(write_picture({1, 1, 1, {0}}, {{}, 1, {1, 2, 3}, {1}, false}, *form, std::span{&out, 1}));
  EXPECT_FALSE(write_picture({1, 1, 1, {200}}, {}, *form, std::span{&out, 1}));
  EXPECT_TRUE(write_picture({1, 1, 1, {200}}, {{}, 1, {128}, {1}, false}, *form, std::span{&out, 1}));
  EXPECT_EQ(std::to_integer<int>(out), 72);
}

}  // namespace
}  // namespace layerwatt
