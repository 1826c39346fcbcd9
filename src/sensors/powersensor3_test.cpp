// SPDX-License-Identifier: Apache-2.0
#include "sensors/testing/parsed_stream.h"

namespace layerwatt {

extern const StreamDriver powersensor3_stream;

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

ParsedStream parsed_powersensor3(const std::string& text) {
  return parse_stream(powersensor3_stream, "x.dump", text);
}

TEST(PowerSensor3, TakesTheTimeOfTheDeviceAndNotThatOfUsb) {
  const ParsedStream stream = parsed_powersensor3(stream_fixture("powersensor3.dump"));
  EXPECT_THAT(stream.rails(), ElementsAre("power0", "power1", "power_total"));
  EXPECT_TRUE(stream.channels[2].is_total);
  EXPECT_THAT(stream.refused, ElementsAre());
  ASSERT_EQ(stream.readings.size(), 3U * 33);
  // Every 50 us, across the device's cycle of 1024 us, although the lines came in three bursts.
  for (std::size_t i = 0; i < stream.readings.size(); ++i)
    EXPECT_EQ(stream.readings[i].stamp, 50us * (i / 3));
}

TEST(PowerSensor3, CatchesUpWhereSamplesWereLost) {
  const std::string header = "marker time dt_micro device_timestamp current0 voltage0 power0 power_total\n";
  const ParsedStream stream = parsed_powersensor3(header + "S 0.1 1 10 1 5 5 5\nS 2.1 1 60 1 5 5 5\n");
  ASSERT_EQ(stream.readings.size(), 4U);
  // To the device's cycle: half of that is what the time of the program cannot tell.
  EXPECT_NEAR(seconds(stream.readings[2].stamp), 2.0, 512e-6);
}

TEST(PowerSensor3, IsReadByItsOwnProgramWhereADeviceIsNamed) {
  const auto plan = powersensor3_stream.plan("/dev/ttyACM0", {});
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->command, ElementsAre("psrun", "-d", "/dev/ttyACM0", "-f", "/dev/stdout", "--", "cat"));
  EXPECT_FALSE(powersensor3_stream.plan("", {}));
}

TEST(PowerSensor3, RefusesLinesThatDoNotFitItsHeader) {
  const std::string header = "marker time dt_micro device_timestamp current0 voltage0 power0 power_total\n";
  EXPECT_EQ(parsed_powersensor3("S 0.1 1 10 1 5 5 5\n").refused.size(), 1U);
  EXPECT_EQ(
      parsed_powersensor3(
          header + "S 0.1 1 10 1 5 5\nS 0.1 1 1024 1 5 5 5\nS nan 1 1 1 5 5 5\nS 0.1 1 1 1 5 inf 5\nX\n")
          .refused.size(),
      5U);
  EXPECT_EQ(parsed_powersensor3("marker time power0\n").refused.size(), 1U);
}

}  // namespace
}  // namespace layerwatt
