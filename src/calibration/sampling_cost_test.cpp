// SPDX-License-Identifier: Apache-2.0
#include "calibration/sampling_cost.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace layerwatt {
namespace {

// Four rates in changing order, over and over; `noise`: of a phase's mean.
std::vector<RatePhase> phases_of(std::size_t count, double idle, double a_read, double drift, double noise,
                                 unsigned seed, double bend = 0) {
  std::mt19937 random{seed};
  std::normal_distribution<double> normal{0, 1};
  const double rates[]{3000, 1500, 750, 375};
  std::vector<RatePhase> phases;
  for (std::size_t i = 0; i < count; ++i) {
    const double rate = rates[(i + i / 4) % 4], at = static_cast<double>(i);
    const double power = idle + a_read * rate + bend * rate * rate +
                         drift * (at / static_cast<double>(count - 1) - 0.5) + noise * normal(random);
    phases.push_back({rate, at, Watts{power}});
  }
  return phases;
}

TEST(SamplingCost, IsExactWithoutNoise) {
  const auto cost = sampling_cost(phases_of(12, 1.5, 30e-6, 0.02, 0, 1));
  ASSERT_TRUE(cost);
  EXPECT_NEAR(cost->a_read.value(), 30e-6, 1e-15);
  EXPECT_NEAR(cost->without.value(), 1.5, 1e-12);
  EXPECT_NEAR(cost->drift.value(), 0.02, 1e-12);
}

// 400 experiments whose 95 % intervals miss as often as they should: 20 +- 4.4, so fewer than 34 (3
// deviations).
TEST(SamplingCost, IntervalsCoverTheTruth) {
  int missed_cost = 0, missed_idle = 0, bent = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    const auto cost = sampling_cost(phases_of(16, 1.5, 30e-6, 0.02, 0.01, seed));
    ASSERT_TRUE(cost);
    missed_cost += std::abs(cost->a_read.value() - 30e-6) > cost->a_read_half_width.value();
    missed_idle += std::abs(cost->without.value() - 1.5) > cost->without_half_width.value();
    bent += !cost->is_linear();
  }
  for (const int missed : {missed_cost, missed_idle, bent}) {
    EXPECT_LT(missed, 34);
    EXPECT_GT(missed, 6);
  }
}

TEST(SamplingCost, ACostThatGrowsFasterThanTheRateIsSaid) {
  // 0.09 W at full rate in proportion, 0.09 W by the square: 9 deviations of a phase.
  const auto cost = sampling_cost(phases_of(32, 1.5, 30e-6, 0, 0.01, 3, 1e-8));
  ASSERT_TRUE(cost);
  EXPECT_FALSE(cost->is_linear());
  EXPECT_GT(cost->curvature, 0);
}

// A sensor without noise of its own, whose step is 40 mW: the mean of a phase is off by up to 20 mW, and by
// as much in all phases of its rate.
TEST(SamplingCost, IntervalsCoverWhatRoundingAdds) {
  int missed = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    auto phases = phases_of(16, 1.5 + 1e-4 * seed, 30e-6 + 1e-8 * seed, 0, 1e-4, seed);
    for (RatePhase& phase : phases) {
      phase.power = Watts{0.04 * std::round(phase.power.value() / 0.04)};
      phase.rounding = rounding_of(Watts{0.04}, Watts{0});
    }
    const auto cost = sampling_cost(phases);
    missed += std::abs(cost->a_read.value() - (30e-6 + 1e-8 * seed)) > cost->a_read_half_width.value();
  }
  EXPECT_LT(missed, 34);
}

TEST(SamplingCost, NoiseTakesRoundingAway) {
  const Watts step{0.04};
  EXPECT_DOUBLE_EQ(rounding_of(step, Watts{0}).value(), 0.04 / std::sqrt(12));
  EXPECT_LT(rounding_of(step, Watts{0.03}).value(), 1e-4 * 0.04);
  EXPECT_EQ(rounding_of(Watts{0}, Watts{0.1}).value(), 0);
}

TEST(SamplingCost, TooLittleIsNoAnswer) {
  EXPECT_FALSE(sampling_cost(phases_of(5, 1, 0, 0, 0, 1)));
  std::vector<RatePhase> same(10, {1000, 0, Watts{1}});
  for (std::size_t i = 0; i < same.size(); ++i) same[i].middle_s = static_cast<double>(i);
  EXPECT_FALSE(sampling_cost(same));
}

}  // namespace
}  // namespace layerwatt
