// SPDX-License-Identifier: Apache-2.0
#include "calibration/meter_comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace layerwatt {
namespace {

// 2 W idle and 7 W loaded by the meter, rising by `drift` a second; sampling adds `effect`; the rail shows
// `gain` of the meter and `offset` less.
struct Bench {
  double effect = 0.1, drift = 0.01, gain = 0.95, offset = -0.2, noise = 0.01;
  int rounds = 8;
  std::uint64_t seed = 1;
  [[nodiscard]] std::vector<MeteredStretch> stretches() const {
    std::mt19937_64 random{seed};
    std::normal_distribution<> error{0, noise};
    std::vector<MeteredStretch> all;
    for (int i = 0; i < 3 * rounds; ++i) {
      MeteredStretch one;
      one.sampled = i % 3 != 0;
      one.loaded = i % 3 == 2;
      one.middle_s = i;
      const double true_w = (one.loaded ? 7 : 2) + (one.sampled ? effect : 0) + drift * i;
      one.meter = Watts{true_w + error(random)};
      one.rails.resize(1);
      if (one.sampled) one.rails[0] = Watts{offset + gain * true_w + error(random)};
      all.push_back(one);
    }
    return all;
  }
};

TEST(MeterComparison, FindsWhatSamplingAddsThoughTheMachineWarmsUp) {
  const auto found = sampling_effect(Bench{}.stretches());
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->effect_w.value, 0.1, found->effect_w.half_width);
  EXPECT_LT(found->effect_w.half_width, 0.02);
  EXPECT_EQ(found->stretches, 16U);
}

TEST(MeterComparison, FindsGainAndOffsetOfARail) {
  const auto found = beside_meter(Bench{}.stretches(), 0);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->gain.value, 0.95, found->gain.half_width);
  EXPECT_LT(found->gain.half_width, 0.01);
  EXPECT_NEAR(found->offset_w.value, -0.2, found->offset_w.half_width);
  EXPECT_NEAR(found->span_w(), 5, 0.05);
  // 2.2 W - (0.95 x 2.2 - 0.2) W and some drift.
  EXPECT_NEAR(found->idle_missing_w.value, 0.31, 0.02);
}

TEST(MeterComparison, GainAndLevelInTheMiddleAreIndependentAndGiveTheOffset) {
  // Over trials their errors correlate by less than 3 / sqrt(trials), three standard deviations of none.
  constexpr int trials = 200;
  const Bench truth;
  double products = 0, gains = 0, levels = 0;
  for (int seed = 1; seed <= trials; ++seed) {
    Bench bench;
    bench.seed = static_cast<std::uint64_t>(seed);
    const auto found = beside_meter(bench.stretches(), 0);
    ASSERT_TRUE(found);
    const double gain = found->gain.value - truth.gain;
    const double level = found->level_w.value - (truth.offset + truth.gain * found->middle_w);
    products += gain * level;
    gains += gain * gain;
    levels += level * level;
    EXPECT_NEAR(found->level_w.value - found->gain.value * found->middle_w, found->offset_w.value, 1e-9);
  }
  EXPECT_LT(std::abs(products) / std::sqrt(gains * levels), 3 / std::sqrt(trials));
}

TEST(MeterComparison, ASensorsStepMakesItLessSure) {
  const auto stretches = Bench{}.stretches();
  const auto fine = beside_meter(stretches, 0), coarse = beside_meter(stretches, 0, Watts{0.1});
  ASSERT_TRUE(fine && coarse);
  EXPECT_EQ(fine->gain.value, coarse->gain.value);
  // 0.1 W at either end of 5 W, 95 %, beside what was there before.
  const double turned = 1.96 * 0.1 * std::sqrt(2.0) / fine->span_w();
  EXPECT_NEAR(coarse->gain.half_width, std::hypot(fine->gain.half_width, turned), 1e-5);
  EXPECT_NEAR(coarse->level_w.half_width, std::hypot(fine->level_w.half_width, 0.196), 1e-5);
}

TEST(MeterComparison, WhatIsKeptUndoesWhatTheRailSays) {
  const auto found = beside_meter(Bench{}.stretches(), 0);
  ASSERT_TRUE(found);
  const RailCalibration line = line_of(*found);
  EXPECT_FALSE(fault_of(line));
  // The rail reads 0.95 x 5 - 0.2 of 5 W.
  EXPECT_NEAR(line.power(Watts{4.55}).value(), 5, found->level_w.half_width + 5 * found->gain.half_width);
  EXPECT_NEAR(line.from.value(), 2.2, 0.1);
  EXPECT_NEAR(line.to.value(), 7.2, 0.1);
  EXPECT_EQ(loss_of(*found).idle.value(), found->idle_missing_w.value);
}

TEST(MeterComparison, ItsIntervalsCoverInNineteenOfTwentyTrials) {
  int effect = 0, gain = 0;
  constexpr int trials = 200;
  for (int seed = 1; seed <= trials; ++seed) {
    Bench bench;
    bench.seed = static_cast<std::uint64_t>(seed);
    const auto stretches = bench.stretches();
    const auto sampling = sampling_effect(stretches);
    const auto rail = beside_meter(stretches, 0);
    ASSERT_TRUE(sampling && rail);
    effect += std::abs(sampling->effect_w.value - 0.1) <= sampling->effect_w.half_width;
    gain += std::abs(rail->gain.value - 0.95) <= rail->gain.half_width;
  }
  // Of 200 at 95 %, fewer than 179 come once in 1000 times.
  EXPECT_GE(effect, 179);
  EXPECT_GE(gain, 179);
}

TEST(MeterComparison, SaysNothingFromTooFewStretchesOrALoadThatIsNotSeen) {
  Bench few;
  few.rounds = 2;
  EXPECT_FALSE(sampling_effect(few.stretches()));
  EXPECT_FALSE(beside_meter(few.stretches(), 0));
  EXPECT_FALSE(beside_meter(Bench{}.stretches(), 1));
  Bench noisy;
  noisy.noise = 2;
  EXPECT_FALSE(beside_meter(noisy.stretches(), 0));
}

}  // namespace
}  // namespace layerwatt
