// SPDX-License-Identifier: Apache-2.0
#include "simulation/read_plan.h"

#include <gtest/gtest.h>

#include <cmath>

#include "simulation/testing/microsecond.h"

namespace layerwatt::simulation {
namespace {

ReadSettings three_channels(Moment period) {
  ReadSettings settings;
  settings.channels = 3;
  settings.period = period;
  return settings;
}

TEST(ReadPlan, ReadsNeverOverlapAndFetchInside) {
  for (const Moment period : {Moment{}, 500 * us, 1000 * us, 10'000 * us}) {
    ReadPlan plan{three_channels(period), {1, "reads"}};
    Moment last{-1};
    for (std::size_t i = 0; i < 3000; ++i) {
      const PlannedRead read = plan.next();
      ASSERT_EQ(read.channel, i % 3);
      ASSERT_GT(read.before, last);
      ASSERT_GT(read.shunt, read.before);
      ASSERT_GT(read.bus, read.shunt);
      ASSERT_GT(read.after, read.bus);
      ASSERT_GE((read.after - read.before) / us, 270 - 1e-6);
      ASSERT_LE((read.after - read.before) / us, 1600 + 1e-6);
      last = read.after;
    }
  }
}

// The latest of 1000 exponential delays of mean 8 us: beyond 20 means with probability 1000 exp(-20) = 2e-6.
TEST(ReadPlan, RoundsBeginAtTicksOfThePeriod) {
  ReadPlan plan{three_channels(5000 * us), {2, "reads"}};
  for (int tick = 0; tick < 1000; ++tick) {
    const double late = (plan.next().before - tick * 5000 * us) / us;
    EXPECT_GE(late, 0);
    EXPECT_LT(late, 160 + 1.5);
    plan.next();
    plan.next();
  }
}

TEST(ReadPlan, TicksThatPassDuringARoundAreMissedNotMadeUpFor) {
  ReadPlan plan{three_channels(500 * us), {3, "reads"}};  // a round takes 0.81 ms at least
  double last = -2;
  for (int round = 0; round < 500; ++round) {
    const double tick = std::floor(plan.next().before / (500 * us));
    EXPECT_GE(tick - last, 2);
    last = tick;
    plan.next();
    plan.next();
  }
}

TEST(ReadPlan, WithoutAPeriodReadsFollowAtOnce) {
  ReadPlan plan{three_channels(Moment{}), {4, "reads"}};
  Moment last = plan.next().after;
  for (int i = 0; i < 100; ++i) {
    const PlannedRead read = plan.next();
    EXPECT_LT((read.before - last) / us, 2);
    last = read.after;
  }
}

}  // namespace
}  // namespace layerwatt::simulation
