// SPDX-License-Identifier: Apache-2.0
#include "session/rate_phases.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/temporary_tree.h"
#include "session/testing/silent.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

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
