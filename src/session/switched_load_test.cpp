// SPDX-License-Identifier: Apache-2.0
#include "session/switched_load.h"

#include <gtest/gtest.h>

#include "session/testing/silent.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

Result<SwitchedLoad> read(const Machine& machine, const SwitchedLoadOptions& options,
                          const std::vector<Nanoseconds>& lengths) {
  Silent progress;
  return read_under_load(machine, options, lengths, progress);
}

TEST(SwitchedLoad, WorksByThePlanWhileARecordedBoardIsRead) {
  SwitchedLoadOptions options;
  options.sensor = "ina3221";
  const std::vector<Nanoseconds> lengths(20, 10ms);
  const auto load =
      read(Machine{LAYERWATT_FIXTURES "/boards/jetson-nano-l4t32", system_clock()}, options, lengths);
  ASSERT_TRUE(load) << load.error().detail;
  ASSERT_EQ(load->on.size(), 10U);
  EXPECT_EQ(load->to - load->from, 200ms);
  for (std::size_t i = 0; i < load->on.size(); ++i) {
    EXPECT_LE(load->on[i].from, load->on[i].to);
    // Never before its time, however busy the machine is.
    EXPECT_GE(load->on[i].from, load->from + (2 * static_cast<int>(i) + 1) * 10ms);
  }
  for (const RailRecord& rail : load->rails) EXPECT_GT(rail.readings.size(), 10U);
}

TEST(SwitchedLoad, ReadsTheTotalAloneWhereAsked) {
  SwitchedLoadOptions options;
  options.sensor = "virtual:jetson-nano";
  options.total_alone = true;
  const auto load = read(Machine::host(), options, std::vector<Nanoseconds>(4, 100ms));
  ASSERT_TRUE(load) << load.error().detail;
  for (const RailRecord& rail : load->rails) EXPECT_EQ(!rail.readings.empty(), rail.channel.is_total);
}

TEST(SwitchedLoad, CtrlCEndsItSoon) {
  const std::atomic<bool> interrupted{true};
  SwitchedLoadOptions options;
  options.sensor = "ina3221";
  options.interrupted = &interrupted;
  const auto load = read(Machine{LAYERWATT_FIXTURES "/boards/jetson-nano-l4t32", system_clock()}, options,
                         std::vector<Nanoseconds>(2, 1h));
  ASSERT_FALSE(load);
  EXPECT_EQ(load.error().code, Errc::gone);
}

TEST(SwitchedLoad, WithoutASensorThatMeasuresNothingIsSwitched) {
  SwitchedLoadOptions options;
  options.sensor = "estimate";
  EXPECT_EQ(read(Machine::host(), options, {1ms, 1ms}).error().code, Errc::not_found);
  options.sensor = "virtual:toaster";
  EXPECT_FALSE(read(Machine::host(), options, {1ms, 1ms}));
}

}  // namespace
}  // namespace layerwatt
