// SPDX-License-Identifier: Apache-2.0
#include "session/stop_rule.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

Reading reading_at(Nanoseconds t) { return {Instant{t - 1us}, Instant{t + 1us}, Watts{1.0}}; }
LayerSpan span(std::uint32_t layer, Nanoseconds from, Nanoseconds to) {
  return {layer, 0, Instant{from}, Instant{to}};
}

TEST(StopRule, CountsReadingsOfTheShortestLayerOnly) {
  ProfileOptions options;
  options.fastest_readings = 2;
  StopRule rule{options, plan_phases(options), 2};
  const std::vector<LayerSpan> spans{span(0, 0us, 100us), span(1, 100us, 110us)};
  const std::vector<Reading> readings{reading_at(20us), reading_at(50us), reading_at(105us)};
  rule.add_block(1, spans, readings);
  EXPECT_EQ(rule.readings_of_fastest(), 1u);
  EXPECT_FALSE(rule.enough(1s));
  EXPECT_DOUBLE_EQ(rule.fraction(1s), 0.5);
  rule.add_block(1, spans, readings);
  EXPECT_TRUE(rule.enough(1s));
}

TEST(StopRule, ReadingOnABoundaryBelongsToTheLayerThatBegins) {
  ProfileOptions options;
  options.fastest_readings = 1;
  StopRule rule{options, plan_phases(options), 2};
  const std::vector<LayerSpan> spans{span(0, 0us, 100us), span(1, 100us, 110us)};
  const std::vector<Reading> readings{reading_at(100us)};
  rule.add_block(1, spans, readings);
  EXPECT_EQ(rule.readings_of_fastest(), 1u);
}

TEST(StopRule, EndsAtTheAskedNumberOfInferences) {
  ProfileOptions options;
  options.inferences = 10;
  StopRule rule{options, plan_phases(options), 1};
  rule.add_block(7, {}, {});
  EXPECT_EQ(rule.inferences_left(), 3u);
  EXPECT_FALSE(rule.enough(1000s));
  rule.add_block(3, {}, {});
  EXPECT_TRUE(rule.enough(0s));
}

TEST(StopRule, EndsWithItsTime) {
  ProfileOptions options;
  options.max_time = 20s;
  const PhaseBudget budget = plan_phases(options);
  StopRule rule{options, budget, 1};
  EXPECT_FALSE(rule.enough(*budget.energy - 1ns));
  EXPECT_TRUE(rule.enough(*budget.energy));
}

ProfileOptions precise() {
  ProfileOptions options;
  options.precision = "5%";
  options.refit = [] { return std::nullopt; };
  return options;
}

ProfileOptions::Refit still_needs(std::optional<std::uint64_t> inferences) {
  return {false, inferences, "3 of 9"};
}

TEST(StopRule, EndsWhenThePrecisionIsReachedAndSaysSo) {
  StopRule rule{precise(), plan_phases(precise()), 1};
  EXPECT_EQ(rule.inferences_left(), 50u);
  rule.add_block(50, {}, {});
  EXPECT_TRUE(rule.refit_due(1s));
  rule.add_refit(still_needs(100), 1ms);
  EXPECT_FALSE(rule.enough(1s));
  EXPECT_DOUBLE_EQ(rule.fraction(1s), 0.5);
  EXPECT_EQ(rule.left(1s), 1s);
  EXPECT_EQ(rule.precision(), "3 of 9");
  rule.add_block(50, {}, {});
  rule.add_refit(ProfileOptions::Refit{true, 100, ""}, 1ms);
  EXPECT_TRUE(rule.enough(2s));
  EXPECT_EQ(rule.reason(2s), "after 100 inferences: the precision was reached");
}

TEST(StopRule, EndsAtTheFirstOfAllLimits) {
  ProfileOptions options = precise();
  options.max_time = 20s;
  options.inferences = 70;
  const PhaseBudget budget = plan_phases(options);
  StopRule rule{options, budget, 1};
  rule.add_block(50, {}, {});
  rule.add_refit(still_needs(1000), 1ms);
  EXPECT_EQ(rule.inferences_left(), 20u);
  EXPECT_FALSE(rule.enough(1s));
  EXPECT_EQ(rule.reason(*budget.energy), "after 50 inferences: the time was up");
  rule.add_block(20, {}, {});
  EXPECT_TRUE(rule.enough(1s));
  EXPECT_EQ(rule.reason(1s), "after 70 inferences: the number asked for with -r was reached");
}

// 50 inferences in 1 s: 10 min less what idle and the rest take are some 29 000.
TEST(StopRule, MeasuresLongerThanUsualOnlyWhereThatWillDo) {
  const PhaseBudget budget = plan_phases(precise());
  const Nanoseconds usual = *budget.energy_in_vain;
  for (const auto& [needed, goes_on] : {std::pair<std::optional<std::uint64_t>, bool>{20'000, true},
                                        {40'000, false},
                                        {std::nullopt, false}}) {
    StopRule rule{precise(), budget, 1};
    rule.add_block(static_cast<std::size_t>(50 * seconds(usual)), {}, {});
    rule.add_refit(still_needs(needed), 1ms);
    EXPECT_EQ(rule.enough(usual), !goes_on) << needed.value_or(0);
    EXPECT_FALSE(rule.enough(usual - 1ms));
    EXPECT_EQ(rule.enough(*budget.energy), true);
  }
  StopRule patient{precise(), budget, 1};  // inferences so slow that nothing could be said yet
  patient.add_block(10, {}, {});
  EXPECT_FALSE(patient.enough(usual));
}

TEST(StopRule, SparesARefitThatTheTimeIsTooShortFor) {
  ProfileOptions options = precise();
  options.max_time = 20s;
  const PhaseBudget budget = plan_phases(options);
  StopRule rule{options, budget, 1};
  rule.add_block(50, {}, {});
  rule.add_refit(still_needs(std::nullopt), 1s);
  rule.add_block(50, {}, {});  // twice as much to read: 2 s
  EXPECT_TRUE(rule.refit_due(*budget.energy - 2s));
  EXPECT_FALSE(rule.refit_due(*budget.energy - 2s + 1ns));
  EXPECT_GT(rule.inferences_left(), 1'000'000u);
}

}  // namespace
}  // namespace layerwatt
