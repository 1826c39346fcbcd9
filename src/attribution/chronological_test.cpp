// SPDX-License-Identifier: Apache-2.0
#include "attribution/chronological.h"

#include <gtest/gtest.h>

#include "attribution/statistics.h"
#include "attribution/testing/hand_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using testing::at_ms;
using testing::hand_rail;
using testing::hand_run;
using testing::HandReading;

// Sums of a few doubles: 15 digits hold.
constexpr double last_digits = 1e-12;

LayerPowers map_by_time(const Timeline& timeline, const RailRecord& rail) {
  const Execution execution = execution_of(timeline);
  return map_chronologically(rail, PowerTrace{rail}, execution, execution.segments, 2);
}

LayerPowers map_by_time(const std::vector<HandReading>& readings, int inferences = 2) {
  return map_by_time(hand_run(inferences), hand_rail(readings));
}

// Layers of hand_run: [1, 5) and [5, 11) ms, [21, 25) and [25, 31) ms; between them [0, 1), [11, 12) and so
// on.

TEST(Chronological, GivesAReadingToTheLayerThatRan) {
  const auto powers = map_by_time({{0.2, 0.4, 1}, {2, 2.1, 5}, {3, 3.1, 7}, {6, 6.5, 3}, {15, 15.1, 100}});
  EXPECT_NEAR(powers.layers[0].mean->value(), 6, last_digits);
  EXPECT_EQ(powers.layers[0].readings, 2U);
  EXPECT_NEAR(powers.layers[1].mean->value(), 3, last_digits);
  EXPECT_EQ(powers.layers[1].readings, 1U);
  EXPECT_NEAR(powers.between.mean->value(), 1, last_digits);
}

TEST(Chronological, SharesAReadBetweenTheLayersThatRanDuringIt) {
  // [4, 8): a quarter in the first layer, three in the second.
  const auto powers = map_by_time({{2, 3, 5}, {4, 8, 3}});
  EXPECT_NEAR(powers.layers[0].mean->value(), (5 + 0.25 * 3) / 1.25, last_digits);
  EXPECT_NEAR(powers.layers[1].mean->value(), 3, last_digits);
}

TEST(Chronological, CountsOfAReadOnlyWhatLiesInAnInference) {
  // Half of [11, 13) is unloading, half is after it; [19, 22) is a third outside, in loading and in the
  // layer.
  const auto powers = map_by_time({{11, 13, 2}, {19, 22, 6}});
  EXPECT_NEAR(powers.between.mean->value(), (2 * 0.5 + 6 / 3.0) / (0.5 + 1 / 3.0), last_digits);
  EXPECT_NEAR(powers.layers[0].mean->value(), 6, last_digits);
}

TEST(Chronological, WeighsASlowReadLikeAFastOne) {
  const auto powers = map_by_time({{1, 3, 4}, {4, 4.001, 8}});
  EXPECT_NEAR(powers.layers[0].mean->value(), 6, last_digits);
}

TEST(Chronological, TakesAReadWithoutDurationForAMoment) {
  const auto powers = map_by_time({{1, 1, 5}, {5, 5, 3}, {12, 12, 100}});
  EXPECT_NEAR(powers.layers[0].mean->value(), 5, last_digits);  // begins at 1 ms
  EXPECT_NEAR(powers.layers[1].mean->value(), 3, last_digits);  // at 5 ms the first has ended
  EXPECT_FALSE(powers.between.mean);                            // at 12 ms the inference has
}

TEST(Chronological, LeavesALayerWithoutReadingsEmpty) {
  const auto powers = map_by_time({{2, 3, 5}});
  EXPECT_FALSE(powers.layers[1].mean);
  EXPECT_FALSE(powers.layers[1].half_width);
  EXPECT_EQ(powers.layers[1].readings, 0U);
}

TEST(Chronological, TakesIntervalsFromTheScatterOfReadings) {
  const auto powers = map_by_time({{2, 3, 4}, {22, 23, 6}});
  // Standard deviation of 4 and 6: sqrt(2); of their mean: 1.
  EXPECT_NEAR(powers.layers[0].half_width->value(), normal_975, last_digits);
}

TEST(Chronological, AddsTheSensorsRoundingToIntervals) {
  RailRecord rail = hand_rail({{2, 3, 4}, {22, 23, 4}});
  rail.channel.quantum = Watts{0.12};
  const auto powers = map_by_time(hand_run(), rail);
  EXPECT_NEAR(powers.layers[0].half_width->value(), normal_975 * 0.12 / std::sqrt(12.0), last_digits);
}

TEST(Chronological, DividesWhatACounterCountedByTime) {
  RailRecord rail;
  rail.channel.meaning = Meaning::energy_total;
  // 2 W over [0, 3), 5 W over [3, 7).
  for (const auto& [when, joules] : std::vector<std::pair<double, double>>{{0, 0}, {3, 0.006}, {7, 0.026}})
    rail.readings.push_back({at_ms(when), at_ms(when), Joules{joules}});
  const auto powers = map_by_time(hand_run(), rail);
  EXPECT_NEAR(powers.layers[0].mean->value(), (2 * 2 + 2 * 5) / 4.0, last_digits);
  EXPECT_NEAR(powers.layers[1].mean->value(), 5, last_digits);
  EXPECT_NEAR(powers.between.mean->value(), 2, last_digits);
}

}  // namespace
}  // namespace layerwatt
