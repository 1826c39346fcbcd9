// SPDX-License-Identifier: Apache-2.0
#include "session/tick_plan.h"

#include <gtest/gtest.h>

#include <cmath>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

TickOptions steady(Nanoseconds period) {
  TickOptions options;
  options.period = period;
  options.dither = 0;
  return options;
}

TEST(TickPlan, KeepsTheGridHoweverLateTheTicksAre) {
  TickPlan plan{steady(1ms)};
  Instant now{10'300us};
  EXPECT_EQ(plan.next(now), Instant{11ms});
  now = Instant{11'400us};  // woke 0.4 ms late
  EXPECT_EQ(plan.next(now), Instant{12ms});
  now = Instant{12'900us};
  EXPECT_EQ(plan.next(now), Instant{13ms});
  EXPECT_EQ(plan.missed(), 0u);
}

TEST(TickPlan, TickWhoseTimePassedIsLateNotMissed) {
  TickPlan plan{steady(1ms)};
  plan.next(Instant{10'300us});
  EXPECT_EQ(plan.next(Instant{12'900us}), Instant{12ms});  // not 13 ms: 12 ms was never read
  EXPECT_EQ(plan.missed(), 0u);
}

TEST(TickPlan, GridPointsThatAreOverrunAreCounted) {
  TickPlan plan{steady(1ms)};
  plan.next(Instant{10'300us});                            // plans 11
  EXPECT_EQ(plan.next(Instant{15'100us}), Instant{15ms});  // 12, 13 and 14 are lost
  EXPECT_EQ(plan.missed(), 3u);
}

TEST(TickPlan, PauseIsNotMissed) {
  TickPlan plan{steady(1ms)};
  plan.next(Instant{10'300us});
  plan.restart();
  EXPECT_EQ(plan.next(Instant{5'000'300us}), Instant{5'001ms});
  EXPECT_EQ(plan.missed(), 0u);
}

TEST(TickPlan, DitherStaysWithinItsPartAndDoesNotAccumulate) {
  TickOptions options = steady(1ms);
  options.dither = 0.1;
  TickPlan plan{options};
  Instant now{10'300us};
  double sum = 0, squares = 0;
  constexpr int n = 10'000;
  for (int i = 0; i < n; ++i) {
    now = plan.next(now);
    const double off = seconds(now - Instant{(11 + i) * 1ms}) / 1e-3;
    ASSERT_LE(std::abs(off), 0.1);
    sum += off;
    squares += off * off;
  }
  // Uniform on +-0.1: standard deviation 0.0577; its mean over n lies within 5 sigma of 0, and its variance
  // 1/300 within 5 standard errors, sqrt(4/45) x 0.01 / sqrt(n).
  EXPECT_LT(std::abs(sum / n), 5 * 0.0577 / 100);
  EXPECT_NEAR(squares / n, 1.0 / 300, 5 * 0.00298 / 100);
}

TEST(TickPlan, SameSeedSameTicks) {
  TickOptions options;
  options.period = 1ms;
  options.seed = 7;
  TickPlan one{options}, other{options};
  options.seed = 8;
  TickPlan third{options};
  const Instant now{5ms};
  EXPECT_EQ(one.next(now), other.next(now));
  EXPECT_NE(one.next(now), third.next(now));
}

TEST(TickPlan, WithoutAPeriodReadsFollowEachOtherButLeaveARest) {
  TickOptions options = steady(0ms);
  options.shortest = 200us;
  TickPlan plan{options};
  const Instant first = plan.next(Instant{1ms});
  EXPECT_EQ(plan.next(first + 10us), first + 200us);      // reads took 10 us
  EXPECT_EQ(plan.next(first + 5ms), first + 5ms + 50us);  // reads took 5 ms: at once, after a rest
  EXPECT_EQ(plan.missed(), 0u);
}

}  // namespace
}  // namespace layerwatt
