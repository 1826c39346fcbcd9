// SPDX-License-Identifier: Apache-2.0
#include "attribution/idle_power.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

Timeline two_phases(Nanoseconds length) {
  Timeline timeline;
  timeline.phases = {{Phase::idle_before, 0, Instant{}, Instant{length}},
                     {Phase::idle_after, 0, Instant{2 * length}, Instant{3 * length}}};
  return timeline;
}

TEST(IdlePower, PoolsBeforeAndAfterAndShowsTheDrift) {
  const auto rail = testing::read_power({{2s, 1.9}, {4s, 7}, {6s, 2.1}}, 1ms);
  const auto idle = idle_power(PowerTrace{rail}, two_phases(2s), std::nullopt);
  ASSERT_TRUE(idle);
  EXPECT_NEAR(idle->mean.value(), 2.0, 0.003);  // half a period of 7 W at an edge
  EXPECT_NEAR(idle->before->value(), 1.9, 0.003);
  EXPECT_NEAR(idle->after->value(), 2.1, 0.003);
  // Uniform between before and after is 1.96 x 0.2 W / sqrt(12) = 0.113 W, on top of the spread of batches.
  EXPECT_GT(idle->half_width->value(), 0.113);
}

// 7 W between two phases at 2 W, as a sensor with a time constant of 53 ms shows it.
RailRecord averaged_load() {
  RailRecord rail = testing::read_power({{2s, 2}, {4s, 7}, {6s, 2}}, 840us);
  rail.channel.averaging = 64;
  rail.channel.refresh = 840us;
  double state = 2;
  for (Reading& reading : rail.readings)
    reading.value = Watts{state += (std::get<Watts>(reading.value).value() - state) / 64};
  return rail;
}

TEST(IdlePower, IsNotWarmedByWhatRanBefore) {
  const RailRecord rail = averaged_load();
  const auto idle = idle_power(PowerTrace{rail}, two_phases(2s), std::nullopt);
  // After 5 time constants exp(-5) x 5 W = 34 mW are left at the start; undoing the average takes most of it.
  EXPECT_NEAR(idle->after->value(), 2, 0.002);
}

// Of 5 W, exp(-0.3 s / 53 ms) = 0.35 % are left after 0.3 s, for 53 ms of 1.7 s: 0.6 mW. Without waiting it
// would be 5 W x 53 ms / 2 s = 0.13 W.
TEST(IdlePower, WaitsLongEnoughForASensorThatDoesNotTellHowItAverages) {
  RailRecord rail = averaged_load();
  rail.channel.averaging.reset();
  EXPECT_NEAR(idle_power(PowerTrace{rail}, two_phases(2s), std::nullopt)->after->value(), 2, 0.001);
}

TEST(IdlePower, SaysWhenAPhaseWasTooShortToSettle) {
  RailRecord rail = testing::read_power({{300ms, 2}}, 1ms);
  rail.channel.averaging = 512;
  rail.channel.refresh = 840us;  // time constant 430 ms
  EXPECT_FALSE(idle_power(PowerTrace{rail}, two_phases(100ms), std::nullopt)->settled);
}

TEST(IdlePower, IsNotCertainerThanAStepOfTheSensor) {
  const auto rail = testing::read_power({{6s, 2}}, 1ms);  // perfectly quiet
  const auto idle = idle_power(PowerTrace{rail}, two_phases(2s), Watts{0.04});
  EXPECT_NEAR(idle->half_width->value(), 1.96 * 0.04 / std::sqrt(12.0), 1e-4);
}

TEST(IdlePower, IsUnknownWhenItWasNotRead) {
  const RailRecord nothing, rail = testing::read_power({{6s, 2}}, 1ms);
  EXPECT_FALSE(idle_power(PowerTrace{nothing}, two_phases(2s), std::nullopt));
  EXPECT_FALSE(idle_power(PowerTrace{rail}, Timeline{}, std::nullopt));
}

// Noise correlated over 20 ms, as on a board; 8 batches a phase of 0.2 s are ten correlation times long. An
// interval that counted readings as independent would cover in about a third of the cases. Of 300 draws,
// 0.95 +- 4 x sqrt(.95 x .05 / 300) = +- 0.05.
TEST(IdlePower, IntervalCoversDespiteCorrelatedReadings) {
  std::mt19937 random{3};
  std::normal_distribution<> noise{0, 1};
  const double kept = std::exp(-1.0 / 20);
  int covered = 0;
  constexpr int draws = 300;
  for (int draw = 0; draw < draws; ++draw) {
    RailRecord rail = testing::read_power({{6s, 0}}, 1ms);
    double state = noise(random);
    for (Reading& reading : rail.readings) {
      state = kept * state + std::sqrt(1 - kept * kept) * noise(random);
      reading.value = Watts{2 + 0.1 * state};
    }
    const auto idle = idle_power(PowerTrace{rail}, two_phases(2s), std::nullopt);
    covered += std::abs(idle->mean.value() - 2) <= idle->half_width->value() ? 1 : 0;
  }
  EXPECT_NEAR(covered / static_cast<double>(draws), 0.95, 0.05);
}

}  // namespace
}  // namespace layerwatt
