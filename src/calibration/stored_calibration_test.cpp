// SPDX-License-Identifier: Apache-2.0
#include "calibration/stored_calibration.h"

#include <gmock/gmock.h>

namespace layerwatt {
namespace {

using ::testing::HasSubstr;

const Circumstances circumstances{{"board", "NVIDIA Jetson Nano"},
                                  {"board.id", "jetson-nano"},
                                  {"kernel", "4.9"},
                                  {"sensor_mode.6-0040.running_mode", "1"},
                                  {"sensor_mode.6-0041.running_mode", "0"}};

RailRecord input() {
  RailRecord rail;
  rail.sensor = "ina3221";
  rail.device = "6-0040";
  rail.channel.rail = "POM_5V_IN";
  rail.channel.accuracy.shunt = Ohms{0.005};
  rail.channel.averaging = 64;
  return rail;
}

StoredCalibration made() {
  StoredCalibration one;
  one.of = sensor_of(input(), circumstances);
  one.line =
      RailCalibration{1.03, 0.002, Watts{4}, Watts{4.1}, Watts{0.01}, Watts{2}, Watts{7}, {}, "m", "d"};
  return one;
}

// What is said when the calibration meets this rail in these circumstances; it must not be attached then.
std::string said_of(RailRecord rail, const Circumstances& now = circumstances) {
  const std::vector<StoredCalibration> stored{made()};
  const std::string said = attach_calibration(stored, now, rail);
  EXPECT_FALSE(rail.calibration);
  return said;
}

TEST(StoredCalibration, FitsTheSensorItWasMadeOfOnAnyKernel) {
  const std::vector<StoredCalibration> stored{made()};
  Circumstances later = circumstances;
  later["kernel"] = "5.10";
  RailRecord rail = input();
  EXPECT_EQ(attach_calibration(stored, later, rail), "");
  EXPECT_EQ(rail.calibration, stored[0].line);
}

TEST(StoredCalibration, DoesNotFitAnotherModeBoardShuntOrAveraging) {
  Circumstances triggered = circumstances;
  triggered["sensor_mode.6-0040.running_mode"] = "0";
  EXPECT_THAT(said_of(input(), triggered), HasSubstr("sensor mode running_mode was 1, is 0"));
  triggered.erase("sensor_mode.6-0040.running_mode");
  EXPECT_THAT(said_of(input(), triggered), HasSubstr("was 1, is not known"));
  Circumstances extended = circumstances;
  extended["sensor_mode.6-0040.samples"] = "1";
  EXPECT_THAT(said_of(input(), extended), HasSubstr("samples was not known, is 1"));
  Circumstances elsewhere = circumstances;
  elsewhere["board.id"] = "jetson-tx1";
  EXPECT_THAT(said_of(input(), elsewhere), HasSubstr("board was jetson-nano, is jetson-tx1"));
  RailRecord rail = input();
  rail.channel.accuracy.shunt = Ohms{0.010};
  EXPECT_THAT(said_of(rail), HasSubstr("shunt was 5 mOhm, is 10 mOhm"));
  rail = input();
  rail.channel.averaging = 1;
  EXPECT_THAT(said_of(rail), HasSubstr("averaging was 64, is 1"));
}

TEST(StoredCalibration, DoesNotFitTheSameRailByAnotherDriver) {
  RailRecord rail = input();
  rail.sensor = "tegrastats";
  EXPECT_THAT(said_of(rail), HasSubstr("driver was ina3221, is tegrastats"));
}

TEST(StoredCalibration, OfAnotherRailOrDeviceNothingIsSaid) {
  RailRecord rail = input();
  rail.channel.rail = "POM_5V_CPU";
  EXPECT_EQ(said_of(rail), "");
  rail = input();
  rail.device = "6-0041";
  EXPECT_EQ(said_of(rail), "");
}

TEST(StoredCalibration, AmongSeveralModesTheOneThatIsSetIsTaken) {
  std::vector<StoredCalibration> stored{made(), made()};
  stored[1].of.mode["running_mode"] = "0";
  stored[1].line->gain = 0.97;
  RailRecord rail = input();
  EXPECT_EQ(attach_calibration(stored, circumstances, rail), "");
  EXPECT_EQ(rail.calibration->gain, 1.03);
}

TEST(StoredCalibration, ANewOneReplacesWhatItKnowsAnewAndKeepsTheRest) {
  std::vector<StoredCalibration> stored{made()};
  stored[0].provenance = {{"line.kernel", "4.9"}, {"supply_loss.kernel", "4.4"}};
  StoredCalibration loss = made();
  loss.provenance = {{"supply_loss.kernel", "5.10"}};
  loss.line.reset();
  loss.supply_loss = SupplyLoss{Watts{0.3}, {}, Watts{0.6}, {}, {}, {}, "wall", "later"};
  keep(loss, stored);
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_TRUE(stored[0].line && stored[0].supply_loss);
  EXPECT_EQ(stored[0].provenance, (Circumstances{{"line.kernel", "4.9"}, {"supply_loss.kernel", "5.10"}}));
  StoredCalibration other = made();
  other.of.averaging = 1;
  keep(other, stored);
  EXPECT_EQ(stored.size(), 2U);
}

MeasuredResponse measured() {
  MeasuredResponse response;
  response.delay = {Nanoseconds{1'000'000}, Nanoseconds{100'000}, Nanoseconds{53'300'000},
                    Nanoseconds{900'000}};
  response.refresh = {Nanoseconds{840'000}, Nanoseconds{300'000}};
  response.made = "2026-11-22 04:35 UTC";
  return response;
}

TEST(StoredCalibration, WhatNoTableSaysIsTakenAsItWasMeasuredAndThatIsSaid) {
  Channel channel;
  channel.rail = "board";
  const std::string said = fill_in(measured(), channel);
  EXPECT_EQ(channel.refresh, Nanoseconds{840'000});
  // 53.3 ms = 0.84 ms / -ln(1 - 1/N) for N = 63.95.
  EXPECT_EQ(channel.averaging, 64);
  EXPECT_THAT(said, HasSubstr("a new value every 0.84 ms, an average that remembers 53.3 ms"));
  EXPECT_THAT(said, HasSubstr("2026-11-22 04:35 UTC"));
}

TEST(StoredCalibration, WhatTheTableSaysIsLeftAlone) {
  Channel channel;
  channel.refresh = Nanoseconds{100'000'000};
  channel.averaging = 1;
  const Channel told = channel;
  EXPECT_EQ(fill_in(measured(), channel), "");
  EXPECT_EQ(channel, told);
}

TEST(StoredCalibration, NoAverageIsTakenOnlyWhereOneOfARefreshWouldHaveShown) {
  MeasuredResponse response = measured();
  response.delay->time_constant = Nanoseconds{50'000};
  response.delay->time_constant_half_width = Nanoseconds{200'000};
  Channel channel;
  EXPECT_THAT(fill_in(response, channel), HasSubstr("no average"));
  EXPECT_EQ(channel.averaging, 1);
  response.delay->time_constant_half_width = Nanoseconds{2'000'000};
  Channel unsure;
  fill_in(response, unsure);
  EXPECT_FALSE(unsure.averaging);
  response.refresh.reset();
  Channel unknown;
  EXPECT_EQ(fill_in(response, unknown), "");
  EXPECT_EQ(unknown, Channel{});
}

TEST(StoredCalibration, AFittingOneFillsInTheRailOfARun) {
  RailRecord rail = input();
  rail.channel.averaging.reset();
  StoredCalibration one = made();
  one.of = sensor_of(rail, circumstances);
  one.response = measured();
  EXPECT_THAT(attach_calibration(std::vector{one}, circumstances, rail),
              HasSubstr("POM_5V_IN: what no table"));
  EXPECT_EQ(rail.channel.averaging, 64);
  EXPECT_TRUE(rail.calibration);
}

}  // namespace
}  // namespace layerwatt
