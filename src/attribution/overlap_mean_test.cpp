// SPDX-License-Identifier: Apache-2.0
#include "attribution/overlap_mean.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "attribution/testing/hand_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using testing::at_ms;
using testing::hand_rail;
using testing::hand_run;

// Sums of a few doubles: 15 digits hold.
constexpr double last_bits = 1e-12;

LayerPowers by_overlap(const RailRecord& rail, int inferences = 2) {
  const Timeline timeline = hand_run(inferences);
  const Execution execution = execution_of(timeline);
  return mean_by_overlap(sensor_windows(rail, PowerTrace{rail}), execution, execution.segments, 2);
}

Channel channel(std::optional<Nanoseconds> aperture, std::optional<Nanoseconds> refresh,
                std::optional<int> averaging) {
  Channel channel;
  channel.aperture = aperture;
  channel.refresh = refresh;
  channel.averaging = averaging;
  return channel;
}

// Layers of hand_run: [1, 5) and [5, 11) ms, [21, 25) and [25, 31) ms; between them [0, 1), [11, 12) and so
// on.

TEST(OverlapMean, WeighsReadingsByTheTimeThatWindowAndLayerShare) {
  RailRecord rail = hand_rail({{3.9, 4.1, 5}, {5.9, 6.1, 4}});  // windows [2, 4) and [4, 6)
  rail.channel.aperture = 2ms;
  rail.channel.refresh = 2ms;
  rail.channel.averaging = 1;
  const auto powers = by_overlap(rail);
  EXPECT_NEAR(powers.layers[0].mean->value(), (2 * 5 + 1 * 4) / 3.0, last_bits);
  EXPECT_NEAR(powers.layers[1].mean->value(), 4, last_bits);
  EXPECT_FALSE(powers.between.mean);
  EXPECT_EQ(powers.layers[0].readings, 2U);  // one and a half
}

TEST(OverlapMean, CountsOverlappingWindowsEach) {
  RailRecord rail = hand_rail({{6, 6, 5}, {7, 7, 3}, {27, 27, 2}});  // windows of 4 ms
  rail.channel.aperture = 4ms;
  rail.channel.refresh = 4ms;
  rail.channel.averaging = 1;
  const auto powers = by_overlap(rail);
  EXPECT_NEAR(powers.layers[0].mean->value(), (3 * 5 + 2 * 3 + 2 * 2) / 7.0, last_bits);
  EXPECT_NEAR(powers.layers[1].mean->value(), (1 * 5 + 2 * 3 + 2 * 2) / 5.0, last_bits);
}

TEST(OverlapMean, LooksFromTheReadOnWhenTheReadStartsTheConversion) {
  RailRecord rail = hand_rail({{4, 9, 5}});  // window [4, 6)
  rail.channel.aperture = 2ms;
  rail.channel.averaging = 1;
  const auto windows = sensor_windows(rail, PowerTrace{rail});
  EXPECT_EQ(windows.at(0).from, at_ms(4));
  EXPECT_EQ(windows.at(0).to, at_ms(6));
}

TEST(OverlapMean, TakesTheReadWhenTheWindowIsNotKnown) {
  const auto powers = by_overlap(hand_rail({{2, 3, 5}, {4, 8, 3}}));
  EXPECT_NEAR(powers.layers[0].mean->value(), (1 * 5 + 1 * 3) / 2.0, last_bits);
  EXPECT_NEAR(powers.layers[1].mean->value(), 3, last_bits);
}

TEST(OverlapMean, HasNoIntervals) {
  const auto powers = by_overlap(hand_rail({{2, 3, 4}, {22, 23, 6}}));
  EXPECT_TRUE(powers.layers[0].mean);
  EXPECT_FALSE(powers.layers[0].half_width);
}

TEST(OverlapMean, DividesWhatACounterCountedByTime) {
  RailRecord rail;
  rail.channel.meaning = Meaning::energy_total;
  // 2 W over [0, 3), 5 W over [3, 7).
  for (const auto& [when, joules] : std::vector<std::pair<double, double>>{{0, 0}, {3, 0.006}, {7, 0.026}})
    rail.readings.push_back({at_ms(when), at_ms(when), Joules{joules}});
  const auto powers = by_overlap(rail);
  EXPECT_NEAR(powers.layers[0].mean->value(), (2 * 2 + 2 * 5) / 4.0, last_bits);
  EXPECT_NEAR(powers.layers[1].mean->value(), 5, last_bits);
}

TEST(OverlapMean, TellsHowLongASensorLooksBack) {
  EXPECT_EQ(sensor_window(channel(1ms, 6ms, 1)), 1ms);
  EXPECT_EQ(sensor_window(channel(1ms, 6ms, 4)), 19ms);
  EXPECT_EQ(sensor_window(channel(1ms, std::nullopt, 4)), 4ms);
  EXPECT_EQ(sensor_window(channel(1ms, 6ms, std::nullopt)), std::nullopt);
  EXPECT_EQ(sensor_window(channel(std::nullopt, 6ms, 4)), std::nullopt);
  EXPECT_EQ(sensor_window(channel(1ms, Nanoseconds::max(), std::numeric_limits<int>::max())), 1h);
}

// The sweep against the definition: sums over all pairs of a window and a layer.
TEST(OverlapMean, AgreesWithTheSumOverAllPairs) {
  std::mt19937 random{1};
  std::uniform_real_distribution<> somewhere{0, 60}, watts{1, 9};
  for (const double length : {0.3, 3.0, 30.0}) {
    const Timeline timeline = hand_run(3);
    const Execution execution = execution_of(timeline);
    std::vector<double> ends(40);
    for (double& end : ends) end = somewhere(random);
    std::sort(ends.begin(), ends.end());
    std::vector<ReadingWindow> windows;
    for (const double end : ends) windows.push_back({at_ms(end - length), at_ms(end), Watts{watts(random)}});
    const auto powers = mean_by_overlap(windows, execution, execution.segments, 2);
    for (std::size_t l = 0; l < 2; ++l) {
      double energy = 0, time = 0;
      for (const ReadingWindow& window : windows)
        for (const Segment segment : execution.segments) {
          if (segment.layer != l) continue;
          const Nanoseconds shared = std::min(window.to, segment.end) - std::max(window.from, segment.begin);
          energy += window.power.value() * std::max(0.0, seconds(shared));
          time += std::max(0.0, seconds(shared));
        }
      EXPECT_NEAR(powers.layers[l].mean->value(), energy / time, 1e-10);  // 40 x 6 roundings of 9 W
    }
  }
}

}  // namespace
}  // namespace layerwatt
