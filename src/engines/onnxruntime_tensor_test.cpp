// SPDX-License-Identifier: Apache-2.0
#include "engines/onnxruntime_tensor.h"

#include <gtest/gtest.h>

#include <set>

namespace layerwatt {
namespace {

constexpr int onnx_float = 1, uint8 = 2, string = 8, int64 = 7, float16 = 10;

std::vector<float> random_values(int type, std::int64_t count, std::uint64_t seed) {
  auto tensor = TensorMemory::allocate("x", type, {count});
  std::mt19937_64 generator{seed};
  fill_random(*tensor, generator);
  std::vector<float> values(tensor->elements());
  copy_as_floats(*tensor, values);
  return values;
}

TEST(TensorMemory, FillsRealNumbersBetweenZeroAndOne) {
  for (const int type : {onnx_float, float16}) {
    const auto values = random_values(type, 10'000, 1);
    double sum = 0;
    for (const float value : values) {
      ASSERT_GE(value, 0);
      ASSERT_LT(value, 1);
      sum += value;
    }
    // The mean of 10 000 uniform numbers has a standard deviation of sqrt(1/12 / 10 000) = 0.0029; six of
    // them.
    EXPECT_NEAR(sum / 10'000, 0.5, 0.0173);
  }
}

// Half precision steps by 2^-11 just below 1: all 2048 multiples, no others.
TEST(TensorMemory, ConvertsHalvesExactly) {
  const auto values = random_values(float16, 100'000, 2);
  const std::set<float> different{values.begin(), values.end()};
  EXPECT_EQ(different.size(), 2048u);
  for (const float value : different) EXPECT_EQ(value * 2048, std::floor(value * 2048));
}

TEST(TensorMemory, FillsWideIntegersWithZerosAndOnes) {
  const auto values = random_values(int64, 1000, 3);
  EXPECT_EQ((std::set<float>{values.begin(), values.end()}), (std::set<float>{0, 1}));
}

TEST(TensorMemory, FillsBytesOverTheirRange) {
  const auto values = random_values(uint8, 100'000, 4);
  EXPECT_EQ((std::set<float>{values.begin(), values.end()}).size(), 256u);
}

TEST(TensorMemory, IsTheSameForTheSameSeed) {
  EXPECT_EQ(random_values(onnx_float, 100, 5), random_values(onnx_float, 100, 5));
  EXPECT_NE(random_values(onnx_float, 100, 5), random_values(onnx_float, 100, 6));
}

TEST(TensorMemory, RefusesWhatItCannotFeedOrHold) {
  EXPECT_EQ(TensorMemory::allocate("words", string, {3}).error().where, "words");
  const std::int64_t huge = std::int64_t{1} << 62;
  EXPECT_EQ(TensorMemory::allocate("x", onnx_float, {huge, huge}).error().code, Errc::unsupported);
  EXPECT_EQ(TensorMemory::allocate("x", onnx_float, {1 << 20, 1 << 20}).error().code, Errc::unsupported);
  EXPECT_EQ(TensorMemory::allocate("x", onnx_float, {-1}).error().code, Errc::unsupported);
}

TEST(TensorMemory, MayBeEmptyOrAScalar) {
  EXPECT_EQ(TensorMemory::allocate("x", onnx_float, {0, 3})->elements(), 0u);
  EXPECT_EQ(TensorMemory::allocate("x", onnx_float, {})->elements(), 1u);
}

}  // namespace
}  // namespace layerwatt
