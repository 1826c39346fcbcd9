// SPDX-License-Identifier: Apache-2.0
#include "calibration/planted_load.h"

#include <gtest/gtest.h>

#include <random>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

// A machine of 1 W that draws 4 W while the load is on, but `plant_w` in the planted layer, converted every
// millisecond and read every 0.4 ms.
struct Machine {
  PlantedPlan plan;
  double plant_w = 4;
  std::vector<LoadStep> steps;
  RailRecord rail;
  Instant end{};

  void run() {
    const auto lengths = lengths_of(plan);
    std::mt19937_64 random{3};
    std::uniform_real_distribution<> pause{0.35e6, 0.45e6};
    std::normal_distribution<> noise{0, 0.05};
    Instant next_read{}, next_value{};
    double held = 1;
    rail.channel.rail = "IN";
    rail.channel.refresh = 1ms;
    rail.channel.aperture = 1us;
    rail.channel.averaging = 1;
    rail.sensor = "test";
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const Instant from = end;
      end += lengths[i];
      const bool on = i % 2 == 1;
      if (on) steps.insert(steps.end(), {{from, true}, {end, false}});
      const bool planted = on && i > 8 && i + 9 < lengths.size() && (i - 8) % 6 == 3;
      for (; next_read < end; next_read += Nanoseconds{static_cast<std::int64_t>(pause(random))}) {
        if (next_read >= next_value) {
          held = (planted ? plant_w : on ? 4 : 1) + noise(random);
          next_value += 1ms;
        }
        rail.readings.push_back({next_read, next_read, Watts{held}});
      }
    }
  }
  [[nodiscard]] PlantedResult found() const {
    const auto observed = planted_run(plan, {rail}, steps, end);
    EXPECT_TRUE(observed) << observed.error().detail;
    const auto profile = attribute(*observed);
    EXPECT_TRUE(profile) << profile.error().detail;
    const auto results = planted_results(plan, *observed, *profile, steps);
    EXPECT_EQ(results.size(), 1U);
    return results.at(0);
  }
};

TEST(PlantedLoad, IsFoundWithTheEnergyThatItHas) {
  Machine machine;
  machine.run();
  const PlantedResult result = machine.found();
  EXPECT_EQ(result.rail, "IN");
  EXPECT_NEAR(result.planted.value.value(), 8e-3, 8e-6);  // 4 W for 2 ms
  ASSERT_TRUE(result.found && result.found->interval);
  EXPECT_NEAR(result.found->value.value(), 8e-3, 0.4e-3);
  EXPECT_EQ(result.recovered(), true);
  EXPECT_TRUE(result.is_telling());
}

TEST(PlantedLoad, OneThatDrawsMoreThanItShouldIsSaidNotToBeRecovered) {
  Machine machine;
  machine.plant_w = 5;
  machine.run();
  const PlantedResult result = machine.found();
  EXPECT_EQ(result.recovered(), false);
}

TEST(PlantedLoad, WithoutIntervalsNothingIsDecided) {
  PlantedResult result{"IN", {Joules{1}, {}}, Estimate<Joules>{Joules{1}, {}}};
  EXPECT_EQ(result.recovered(), std::nullopt);
  EXPECT_FALSE(result.is_telling());
  result.planted.interval = {Joules{0.99}, Joules{1.01}};
  result.found->interval = {Joules{0.5}, Joules{1.5}};
  EXPECT_EQ(result.recovered(), true);
  EXPECT_FALSE(result.is_telling());
}

TEST(PlantedLoad, ALoadThatDidNotGoAsPlannedIsRefused) {
  Machine machine;
  machine.run();
  machine.steps.resize(machine.steps.size() - 2);
  const auto observed = planted_run(machine.plan, {machine.rail}, machine.steps, machine.end);
  ASSERT_FALSE(observed);
  EXPECT_EQ(observed.error().code, Errc::malformed);
}

}  // namespace
}  // namespace layerwatt
