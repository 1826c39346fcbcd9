// SPDX-License-Identifier: Apache-2.0
#include "timeline/power_log.h"

#include <gmock/gmock.h>

#include <sstream>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

PowerLog power_log(const std::vector<std::pair<Nanoseconds, double>>& samples) {
  PowerLog log;
  log.channel.rail = "board";
  for (const auto& [at, watts] : samples) log.samples.push_back({at, Watts{watts}});
  return log;
}

TEST(PowerLog, GoesStraightFromSampleToSample) {
  const auto summary = summarise(power_log({{0s, 1}, {1s, 3}, {3s, 3}}), {});
  ASSERT_TRUE(summary);
  EXPECT_DOUBLE_EQ(summary->energy->value(), 2 + 6);
  EXPECT_DOUBLE_EQ(summary->mean.value(), 8.0 / 3);
  EXPECT_EQ(summary->lowest, Watts{1});
  EXPECT_EQ(summary->highest, Watts{3});
}

TEST(PowerLog, TakesTheWindowAskedFor) {
  const auto summary = summarise(power_log({{0s, 1}, {1s, 3}, {2s, 3}, {3s, 100}}), {1s, 2s});
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->samples, 2U);
  EXPECT_DOUBLE_EQ(summary->energy->value(), 3);
  EXPECT_FALSE(summarise(power_log({{0s, 1}, {1s, 3}}), {5s, std::nullopt}));
}

TEST(PowerLog, DifferencesACounter) {
  PowerLog log;
  log.channel.meaning = Meaning::energy_total;
  log.samples = {{0s, Joules{10}}, {2s, Joules{14}}, {3s, Joules{20}}};
  const auto summary = summarise(log, {});
  ASSERT_TRUE(summary);
  EXPECT_DOUBLE_EQ(summary->energy->value(), 10);
  EXPECT_EQ(summary->highest, Watts{6});
}

TEST(PowerLog, WithoutTimesHasAMeanAndNoEnergy) {
  PowerLog log = power_log({{0s, 1}, {0s, 3}});
  log.timed = false;
  const auto summary = summarise(log, {});
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->mean, Watts{2});
  EXPECT_FALSE(summary->energy);
  EXPECT_FALSE(summarise(log, {0s, std::nullopt}));
}

TEST(PowerLog, RefusesTimesOutOfOrderAndOfOneMoment) {
  EXPECT_FALSE(summarise(power_log({{1s, 1}, {0s, 3}}), {}));
  EXPECT_FALSE(summarise(power_log({{1s, 1}, {1s, 3}}), {}));
  EXPECT_FALSE(summarise(power_log({}), {}));
}

TEST(PowerLog, WritesLines) {
  std::ostringstream out;
  ASSERT_TRUE(write_lines({power_log({{-1ms, 1.5}, {2s, 3}})}, {}, "time_s", out));
  EXPECT_EQ(out.str(), "time_s,board_w\n-0.001000000,1.5\n2.000000000,3\n");
}

}  // namespace
}  // namespace layerwatt
