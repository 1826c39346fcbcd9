// SPDX-License-Identifier: Apache-2.0
#include "networks/tensor_size.h"

#include <gtest/gtest.h>

#include <limits>

namespace layerwatt {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

TEST(TensorSize, ProductsThatDoNotFitAreNothing) {
  EXPECT_EQ(elements_of({3, 4, 5}), 60);
  EXPECT_EQ(elements_of({}), 1);
  EXPECT_EQ(elements_of({most, 2}), std::nullopt);
  EXPECT_EQ(elements_of({3, -1}), std::nullopt);
  EXPECT_EQ(elements_of({most, 2, -1}), std::nullopt);
}

TEST(TensorSize, TypesBelowAByteArePacked) {
  constexpr int int4 = 22, float32 = 1, text = 8;
  EXPECT_EQ(bytes_of({3}, int4), 2);
  EXPECT_EQ(bytes_of({3}, float32), 12);
  EXPECT_EQ(bytes_of({3}, text), std::nullopt);
  EXPECT_EQ(bytes_of({3}, 12345), std::nullopt);
  EXPECT_EQ(name_of_element(-7), "unknown");
}

TEST(TensorSize, WhatNoMachineHoldsIsAbsurd) {
  EXPECT_FALSE(absurdity_of({1, 3, 224, 224}));
  EXPECT_FALSE(absurdity_of({-1, 3}));
  EXPECT_FALSE(absurdity_of({most, 0}));
  EXPECT_TRUE(absurdity_of({most, most}));
  EXPECT_TRUE(absurdity_of({-1, most}));
  EXPECT_TRUE(absurdity_of({-2}));
  EXPECT_TRUE(absurdity_of({0, -2})) << "an empty tensor excuses nothing";
  EXPECT_TRUE(absurdity_of(Shape(1000, 1)));
}

TEST(TensorSize, NamesAreShortenedAndCleanedForMessages) {
  EXPECT_EQ(in_quotes("conv1"), "\"conv1\"");
  EXPECT_EQ(in_quotes("a\nb"), "\"a\\x0ab\"");
  EXPECT_LT(in_quotes(std::string(1000, 'x')).size(), 100U);
  EXPECT_EQ(in_quotes("\xff"), "\"(not UTF-8)\"");
}

TEST(TensorSize, OnlyWellFormedUtf8IsUtf8) {
  EXPECT_TRUE(is_utf8("Schicht für Schicht, 層, \xf0\x9f\x94\x8b"));
  EXPECT_FALSE(is_utf8("\xc0\xaf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xe0\x80\xaf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xed\xa0\x80")) << "surrogate";
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80")) << "beyond the last character";
  EXPECT_FALSE(is_utf8("\xe5\xb1")) << "cut off";
}

}  // namespace
}  // namespace layerwatt
