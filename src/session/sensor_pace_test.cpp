// SPDX-License-Identifier: Apache-2.0
#include "session/sensor_pace.h"

#include <gmock/gmock.h>

#include <random>
#include <vector>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// A sensor renewed each `cycle`, read each `between`; a read takes `took`.
std::vector<Reading> readings_of(Nanoseconds cycle, Nanoseconds between, Nanoseconds took,
                                 bool steady = false) {
  std::mt19937 random{7};
  std::vector<double> values;
  std::vector<Reading> readings;
  for (Nanoseconds at{}; at < 1s; at += between) {
    const auto conversion = static_cast<std::size_t>(at / cycle);
    while (values.size() <= conversion)
      values.push_back(steady ? 1.0 : 1.0 + 0.04 * static_cast<double>(random() % 50));
    readings.push_back({Instant{at}, Instant{at + took}, Watts{values[conversion]}});
  }
  return readings;
}

Channel told(Nanoseconds refresh) {
  Channel channel;
  channel.refresh = refresh;
  return channel;
}

TEST(SensorPace, TellsHowOftenValuesAreNew) {
  const auto pace = pace_of(readings_of(840us, 200us, 100us));
  ASSERT_TRUE(pace);
  EXPECT_EQ(pace->read, 100us);
  EXPECT_EQ(pace->between, 200us);
  ASSERT_TRUE(pace->renewed);
  // Changes are seen on a grid of 200 us, whose error is even over many cycles.
  EXPECT_NEAR(seconds(*pace->renewed), 840e-6, 40e-6);
  EXPECT_FALSE(contradiction(*pace, told(840us)));
  EXPECT_THAT(sentence(*pace),
              HasSubstr("5000 reads of 0.1 ms, 99 % within 0.1 ms, a new value about every 0.8"));
}

TEST(SensorPace, AnotherPaceThanTheSettingIsSaid) {
  const auto pace = pace_of(readings_of(6600us, 500us, 100us));
  ASSERT_TRUE(pace);
  const auto said = contradiction(*pace, told(840us));
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("not every 0.84 ms"));
}

TEST(SensorPace, ReadsThatWaitForAConversionAreRecognised) {
  const auto pace = pace_of(readings_of(6600us, 6600us, 6500us));
  ASSERT_TRUE(pace);
  EXPECT_FALSE(pace->renewed);
  const auto said = contradiction(*pace, told(6600us));
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("waits"));
}

TEST(SensorPace, NothingIsSaidOfASteadyValue) {
  const auto pace = pace_of(readings_of(840us, 200us, 100us, true));
  ASSERT_TRUE(pace);
  EXPECT_EQ(pace->repeats, 1);
  EXPECT_FALSE(pace->renewed);
  EXPECT_FALSE(contradiction(*pace, told(6600us)));
}

TEST(SensorPace, ReadingMoreSlowlyThanItIsRenewedTellsNothing) {
  const auto pace = pace_of(readings_of(840us, 1600us, 300us));
  ASSERT_TRUE(pace);
  EXPECT_FALSE(pace->renewed);
  EXPECT_FALSE(contradiction(*pace, told(840us)));
}

TEST(SensorPace, AFewReadingsAreNotEnough) {
  auto readings = readings_of(840us, 200us, 100us);
  readings.resize(49);
  EXPECT_FALSE(pace_of(readings));
}

}  // namespace
}  // namespace layerwatt
