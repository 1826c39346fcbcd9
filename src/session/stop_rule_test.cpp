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

}  // namespace
}  // namespace layerwatt
