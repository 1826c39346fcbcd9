// SPDX-License-Identifier: Apache-2.0
#include "session/profile_options.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

TEST(PlanPhases, FillsTheAskedTimeExactly) {
  for (const Nanoseconds asked : {Nanoseconds{10s}, Nanoseconds{20s}, Nanoseconds{60s}, Nanoseconds{600s}}) {
    ProfileOptions options;
    options.max_time = asked;
    const PhaseBudget budget = plan_phases(options);
    ASSERT_TRUE(budget.energy);
    EXPECT_EQ(2 * budget.idle + budget.warm_up + budget.latency + *budget.energy, asked);
    EXPECT_GT(*budget.energy, asked / 2);
  }
}

TEST(PlanPhases, LeavesTheEnergyPassOpenWhenOnlyACountIsAsked) {
  ProfileOptions options;
  options.inferences = 3000;
  EXPECT_FALSE(plan_phases(options).energy);
  options.max_time = 10s;
  EXPECT_TRUE(plan_phases(options).energy);
}

TEST(PlanPhases, GivesAPrecisionTimeButNotInVain) {
  ProfileOptions options;
  const PhaseBudget plain = plan_phases(options);
  options.precision = "5%";
  const PhaseBudget budget = plan_phases(options);
  EXPECT_EQ(budget.idle, plain.idle);
  EXPECT_EQ(*budget.energy - *budget.energy_in_vain, longest_precise_session - default_session);
  EXPECT_EQ(*budget.energy_in_vain, *plain.energy);
  options.max_time = 20s;
  EXPECT_FALSE(plan_phases(options).energy_in_vain);
  EXPECT_LT(*plan_phases(options).energy, 20s);
  options.max_time.reset();
  options.inferences = 100;
  EXPECT_FALSE(plan_phases(options).energy);
  EXPECT_FALSE(plan_phases(options).energy_in_vain);
}

TEST(LongestGap, CoversAFullConversionCycleAboveTheShortest) {
  Channel fast, nano;
  nano.refresh = 1608us;
  EXPECT_EQ(longest_gap({fast, nano}), shortest_gap + 1608us);
  EXPECT_EQ(longest_gap({}), shortest_gap + 1ms);
  nano.refresh = 6600us;
  EXPECT_EQ(longest_gap({nano}), shortest_gap + 6600us);
  nano.refresh = 100ms;
  EXPECT_EQ(longest_gap({nano}), shortest_gap + longest_dither);
}

}  // namespace
}  // namespace layerwatt
