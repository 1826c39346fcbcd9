// SPDX-License-Identifier: Apache-2.0
#include "sensors/testing/parsed_stream.h"

namespace layerwatt {

extern const StreamDriver tegrastats_stream;

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ParsedStream parsed_tegrastats(const std::string& text, const std::string& before = {}) {
  return parse_stream(tegrastats_stream, "", text, before);
}

TEST(Tegrastats, ReadsTheLatestPowerOfEachRailOfANano) {
  const ParsedStream stream = parsed_tegrastats(stream_fixture("tegrastats-nano.txt"));
  EXPECT_THAT(stream.rails(), ElementsAre("POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"));
  EXPECT_THAT(stream.of(0), ElementsAre(1.997, 1.750));
  EXPECT_THAT(stream.of(1), ElementsAre(0.040, 0));
  EXPECT_TRUE(stream.channels[0].is_total);
  EXPECT_FALSE(stream.channels[1].is_total);
  EXPECT_EQ(stream.clock, StampClock::arrival);
  EXPECT_THAT(stream.refused, ElementsAre());
}

TEST(Tegrastats, ReadsTheLinesOfEveryGeneration) {
  EXPECT_THAT(parsed_tegrastats(stream_fixture("tegrastats-tx2.txt")).rails(),
              ElementsAre("VDD_IN", "VDD_CPU", "VDD_GPU", "VDD_SOC", "VDD_WIFI", "VDD_DDR"));
  EXPECT_THAT(
      parsed_tegrastats(stream_fixture("tegrastats-tx2-jetpack46.txt")).rails(),
      ElementsAre("VDD_SYS_GPU", "VDD_SYS_SOC", "VDD_4V0_WIFI", "VDD_IN", "VDD_SYS_CPU", "VDD_SYS_DDR"));
  EXPECT_THAT(parsed_tegrastats(stream_fixture("tegrastats-orin-nano.txt")).of(0), ElementsAre(4.9));
  const ParsedStream orin = parsed_tegrastats(stream_fixture("tegrastats-agx-orin.txt"));
  EXPECT_THAT(orin.rails(), ElementsAre("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0", "VDDQ_VDD2_1V8AO"));
  EXPECT_THAT(orin.of(1), ElementsAre(::testing::DoubleEq(14.312)));
}

TEST(Tegrastats, SaysThatPowerIsShownToRootOnly) {
  const ParsedStream stream = parsed_tegrastats(stream_fixture("tegrastats-without-power.txt"));
  EXPECT_TRUE(stream.channels.empty());
  EXPECT_THAT(stream.unusable, HasSubstr("root"));
}

TEST(Tegrastats, AddsNoRailOnceItHasSettled) {
  const std::string nano = stream_fixture("tegrastats-nano.txt");
  const ParsedStream stream = parsed_tegrastats("RAM 1/2MB POM_5V_IN 5/5 NEW_RAIL 7/7\n", nano);
  EXPECT_EQ(stream.channels.size(), 3U);
  EXPECT_EQ(stream.of(0).back(), 0.005);
}

TEST(Tegrastats, RefusesWhatIsNotOfIt) {
  EXPECT_THAT(parsed_tegrastats("bash: tegrastats: not found\n").refused, ElementsAre(HasSubstr("RAM")));
  EXPECT_TRUE(parsed_tegrastats("RAM 1/2MB X 999999999999999/1 Y 1/ Z /1 A 1mW/1 B 0x5/1 C 1e3/1\n")
                  .readings.empty());
}

TEST(Tegrastats, IsRunAtTheIntervalAskedFor) {
  const auto plan = tegrastats_stream.plan("", 20ms);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->command, ElementsAre("tegrastats", "--interval", "20"));
  const auto file = tegrastats_stream.plan("log.txt", 20ms);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->command.empty());
  EXPECT_EQ(file->file, "log.txt");
}

}  // namespace
}  // namespace layerwatt
