// SPDX-License-Identifier: Apache-2.0
#include "session/rate_phases.h"

#include <gmock/gmock.h>

#include <map>

#include "attribution/power_trace.h"
#include "calibration/sampling_cost.h"
#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Silent final : public Progress {
 public:
  void show(const std::string&, double, Nanoseconds) override {}
  void say(const std::string&) override {}
};

Result<std::vector<ReadAtOneRate>> read(const Machine& machine, RateOptions options) {
  Silent progress;
  return read_at_rates(machine, options, progress);
}

TEST(RatePhases, AVirtualBoardIsReadAtFourRatesInEachRound) {
  RateOptions options;
  options.sensor = "virtual:jetson-nano";
  options.rounds = 3;
  const auto phases = read(Machine::host(), options);
  ASSERT_TRUE(phases) << phases.error().detail;
  ASSERT_EQ(phases->size(), 12U);
  double most = 0;
  for (const ReadAtOneRate& phase : *phases) most = std::max(most, phase.reads_per_s);
  std::map<int, int> times;
  for (const ReadAtOneRate& phase : *phases) {
    EXPECT_EQ(phase.rails.size(), 3U);
    ++times[static_cast<int>(std::lround(most / phase.reads_per_s))];
  }
  EXPECT_EQ(times, (std::map<int, int>{{1, 3}, {2, 3}, {4, 3}, {8, 3}}));
}

// What the board's file plants is found again: 100 uJ a read on POM_5V_CPU, and through it, with the losses
// of 1 % between them, on POM_5V_IN. Intervals of 95 % miss one time in twenty: twice their half-width do
// not.
TEST(RatePhases, FindsTheCostOfReadingThatTheBoardsFilePlants) {
  RateOptions options;
  options.sensor = "virtual:jetson-nano";
  options.phase = 10s;
  options.rounds = 8;
  const auto phases = read(Machine::host(), options);
  ASSERT_TRUE(phases) << phases.error().detail;
  const std::map<std::string, double> planted{
      {"POM_5V_IN", 101e-6}, {"POM_5V_GPU", 0}, {"POM_5V_CPU", 100e-6}};
  for (std::size_t r = 0; r < 3; ++r) {
    std::vector<RatePhase> rates;
    for (const ReadAtOneRate& phase : *phases) {
      const PowerTrace trace{phase.rails[r]};
      rates.push_back({phase.reads_per_s, seconds(phase.from - phases->front().from),
                       *trace.mean(phase.from + trace.settling(), phase.to),
                       rounding_of(*phase.rails[r].channel.quantum, Watts{0})});
    }
    const auto cost = sampling_cost(rates);
    ASSERT_TRUE(cost);
    const std::string& rail = phases->front().rails[r].channel.rail;
    EXPECT_NEAR(cost->a_read.value(), planted.at(rail), 2 * cost->a_read_half_width.value()) << rail;
    EXPECT_LT(cost->a_read_half_width.value(), 30e-6) << rail;
  }
}

TEST(RatePhases, ARecordedBoardIsReadLikeAnyOther) {
  RateOptions options;
  options.sensor = "ina3221";
  options.phase = 100ms;
  options.rounds = 2;
  const auto phases = read(Machine{LAYERWATT_FIXTURES "/boards/jetson-nano-l4t32", system_clock()}, options);
  ASSERT_TRUE(phases) << phases.error().detail;
  EXPECT_EQ(phases->size(), 8U);
  for (const ReadAtOneRate& phase : *phases) EXPECT_GT(phase.reads_per_s, 0);
}

TEST(RatePhases, WhatDoesNotMeasureHasNoCost) {
  const TemporaryTree nothing;
  RateOptions options;
  options.sensor = "estimate";
  const auto phases = read(Machine::host(), options);
  ASSERT_FALSE(phases);
  EXPECT_EQ(phases.error().code, Errc::not_found);
  options.sensor = "virtual:toaster";
  EXPECT_FALSE(read(Machine::host(), options));
  options.sensor = "";
  EXPECT_FALSE(read(nothing.machine(), options));
}

TEST(RatePhases, CtrlCEndsIt) {
  const std::atomic<bool> interrupted{true};
  RateOptions options;
  options.sensor = "ina3221";
  options.interrupted = &interrupted;
  const auto phases = read(Machine{LAYERWATT_FIXTURES "/boards/jetson-nano-l4t32", system_clock()}, options);
  ASSERT_FALSE(phases);
  EXPECT_EQ(phases.error().code, Errc::gone);
}

}  // namespace
}  // namespace layerwatt
