// SPDX-License-Identifier: Apache-2.0
#include "attribution/statistics.h"

#include <gtest/gtest.h>

#include <random>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

// Against R's qt(0.975, n) to four digits.
TEST(Statistics, StudentsQuantileAgreesWithTables) {
  const std::pair<std::size_t, double> table[] = {{1, 12.7062},  {2, 4.3027},      {9, 2.2622},
                                                  {10, 2.2281},  {19, 2.0930},     {30, 2.0423},
                                                  {100, 1.9840}, {100'000, 1.9600}};
  for (const auto& [degrees, quantile] : table) EXPECT_NEAR(student_975(degrees), quantile, 1e-3) << degrees;
}

TEST(Statistics, OneBatchHasNoInterval) { EXPECT_FALSE(mean_of<Watts>({{Watts{3}, 1}}).half_width); }

// Two equal batches at 1 and 3: s = 2 / sqrt(2), standard error 1, t(1) = 12.7.
TEST(Statistics, IntervalOfTwoBatchesIsStudents) {
  const auto mean = mean_of<Watts>({{Watts{1}, 5}, {Watts{3}, 5}});
  EXPECT_DOUBLE_EQ(mean.mean.value(), 2);
  EXPECT_NEAR(mean.half_width->value(), 12.7062, 1e-9);
}

TEST(Statistics, WeightsCount) {
  EXPECT_DOUBLE_EQ(mean_of<Watts>({{Watts{1}, 3}, {Watts{5}, 1}}).mean.value(), 2);
}

// 2000 draws of 10 batches; coverage is binomial: 0.95 +- 4 x sqrt(.95 x .05 / 2000) = +- 0.02.
TEST(Statistics, IntervalsOfBatchesCover) {
  std::mt19937 random{1};
  std::normal_distribution<> noise{5, 2};
  int covered = 0;
  for (int draw = 0; draw < 2000; ++draw) {
    std::vector<Batch<Watts>> batches;
    for (int b = 0; b < 10; ++b) batches.push_back({Watts{noise(random)}, 1});
    const auto mean = mean_of(batches);
    covered += std::abs(mean.mean.value() - 5) <= mean.half_width->value() ? 1 : 0;
  }
  EXPECT_NEAR(covered / 2000.0, 0.95, 0.02);
}

}  // namespace
}  // namespace layerwatt
