// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attribution/profile.h"
#include "attribution/testing/asked.h"
#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::lay_out;
using ::testing::Not;
using testing::read_counter;
using testing::read_power;
using testing::simple_run;
using testing::SimpleRun;

// Powers and times of SimpleRun are exact in binary or nearly so; sums of some 10^4 doubles keep 12 digits.
constexpr double rounding = 1e-9;

Profile attributed(const Timeline& timeline, const AttributionOptions& options = chronological_only()) {
  auto profile = attribute(timeline, options);
  EXPECT_TRUE(profile) << profile.error().detail;
  return *profile;
}

// The run of SimpleRun: 1 ms at 1 W, 4 ms at 5 W, 6 ms at 3 W, 1 ms at 1 W = 1 + 20 + 18 + 1 = 40 mJ in 12
// ms.
void expect_answers(const RailProfile& rail) {
  EXPECT_NEAR(rail.inference.value.value(), 40e-3, rounding);
  ASSERT_TRUE(rail.idle);
  EXPECT_NEAR(rail.idle->value.value(), 1, rounding);
  EXPECT_NEAR(rail.net->value.value(), 40e-3 - 12e-3, rounding);
  EXPECT_NEAR(rail.mean_power.value(), 40.0 / 12, 1e-7);
  ASSERT_EQ(rail.layers.size(), 2U);
  EXPECT_NEAR(rail.layers[0].energy->value.value(), 20e-3, rounding);
  EXPECT_NEAR(rail.layers[0].power->value(), 5, rounding);
  EXPECT_NEAR(rail.layers[0].net->value(), 16e-3, rounding);
  EXPECT_NEAR(rail.layers[1].energy->value.value(), 18e-3, rounding);
  EXPECT_NEAR(rail.gaps.value(), 2e-3, rounding);
  EXPECT_NEAR(rail.unexplained.value(), 0, rounding);
}

TEST(Attribute, GivesEachLayerOfASimpleRunItsEnergy) {
  const Profile profile = attributed(simple_run());
  ASSERT_EQ(profile.rails.size(), 1U);
  expect_answers(profile.rails[0]);
  EXPECT_EQ(profile.rails[0].layers[0].readings, 50U * 40);
  EXPECT_EQ(profile.layers[0].duration, 4ms);
  EXPECT_EQ(profile.layers[0].runs, 50U);
  EXPECT_EQ(profile.inference_time, 12ms);
  EXPECT_EQ(profile.load_time, 1ms);
  EXPECT_EQ(profile.gap_time, 0ms);
}

TEST(Attribute, SaysThatASensorLeft) {
  Timeline timeline = simple_run();
  RailRecord& rail = timeline.rails[0];
  const Instant left = rail.readings[rail.readings.size() / 2].before;
  std::erase_if(rail.readings, [&](const Reading& reading) { return reading.before >= left; });
  rail.gaps.push_back({left, timeline.phases.back().to, "gone: curr1_input: No such device"});
  EXPECT_THAT(attributed(timeline).notes, Contains(HasSubstr("left during the run (gone: curr1_input")));
  rail.gaps.back().why = "busy";
  EXPECT_THAT(attributed(timeline).notes, Not(Contains(HasSubstr("left during the run"))));
}

TEST(Attribute, SaysThatASensorLeftAndCameBack) {
  Timeline timeline = simple_run();
  RailRecord& rail = timeline.rails[0];
  const Instant left = rail.readings[rail.readings.size() / 2].before;
  const Instant back = left + 20ms;
  std::erase_if(rail.readings, [&](const Reading& r) { return r.before >= left && r.before < back; });
  rail.gaps.push_back({left, back, "gone: curr1_input: No such device"});
  timeline.events.push_back({back, "sensor_back", "VDD_IN is read again"});
  const auto notes = attributed(timeline).notes;
  EXPECT_THAT(notes, Contains(AllOf(HasSubstr("(gone: curr1_input"), HasSubstr("came back, after 0.02 s"))));
  EXPECT_THAT(notes, Not(Contains(HasSubstr("known from its readings before"))));
  EXPECT_THAT(notes, Not(Contains(HasSubstr("Event during the run"))));
}

TEST(Attribute, SaysWhyASensorThatIsThereAgainIsNotRead) {
  Timeline timeline = simple_run();
  timeline.events.push_back(
      {timeline.phases.back().to, "sensor_otherwise", "VDD_IN is there again and not read"});
  EXPECT_THAT(attributed(timeline).notes, Contains("VDD_IN is there again and not read."));
}

// Each block is read on one rail alone.
TEST(Attribute, KnowsRailsThatTookTurnsFromTheirShareOfInferences) {
  Timeline timeline = simple_run();
  timeline.rails.push_back(timeline.rails[0]);
  timeline.rails[1].channel.rail = "OTHER";
  for (const PhaseSpan& phase : timeline.phases) {
    if (phase.phase != Phase::energy) continue;
    RailRecord& waits = timeline.rails[(phase.block + 1) % 2];
    waits.gaps.push_back({phase.from, phase.to, turn_of_others});
    std::erase_if(waits.readings,
                  [&](const Reading& r) { return r.before >= phase.from && r.before < phase.to; });
  }
  const Profile profile = attributed(timeline);
  ASSERT_EQ(profile.rails.size(), 2U);
  // Of each block of five inferences, half a period at either end is not covered: it counts as the mean of
  // the rest, at most 4 W from its own power. 4 W x 100 us / 5 = 80 uJ.
  constexpr double edges = 80e-6;
  for (const RailProfile& rail : profile.rails) {
    EXPECT_NEAR(rail.inference.value.value(), 40e-3, edges);
    EXPECT_NEAR(rail.layers[0].energy->value.value(), 20e-3, rounding);
    EXPECT_NEAR(rail.layers[1].energy->value.value(), 18e-3, rounding);
    EXPECT_EQ(rail.layers[0].readings, 25U * 40);
    EXPECT_EQ(rail.missing, 0U);
  }
  EXPECT_THAT(profile.notes, Contains(HasSubstr("took turns, one a block: ")));
}

TEST(Attribute, DifferencesCountersToTheSameAnswers) {
  Timeline timeline;
  timeline.rails.push_back(read_counter(lay_out({}, timeline), 100us));
  expect_answers(attributed(timeline).rails.at(0));
}

TEST(Attribute, UndoesTheWrapsOfACounter) {
  Timeline timeline;
  timeline.rails.push_back(read_counter(lay_out({}, timeline), 100us, 0.75));
  expect_answers(attributed(timeline).rails.at(0));
}

TEST(Attribute, DoesNotTakeAResetOfACounterForEnergy) {
  Timeline timeline;
  timeline.rails.push_back(read_counter(lay_out({}, timeline), 100us));
  auto& readings = timeline.rails[0].readings;
  const Joules before = std::get<Joules>(readings[readings.size() / 2].value);
  for (std::size_t i = readings.size() / 2; i < readings.size(); ++i)
    readings[i].value = std::get<Joules>(readings[i].value) - before;
  // One stretch of 100 us in 700 ms is not known; mean power stands in for it, at most 4 W from the truth:
  // 4 W x 0.1 ms / 50 inferences = 8 uJ.
  EXPECT_NEAR(attributed(timeline).rails.at(0).inference.value.value(), 40e-3, 8e-6);
}

TEST(Attribute, StackingMeanTimesFindsMarksAgain) {
  AttributionOptions options = chronological_only();
  options.stacked = true;
  expect_answers(attributed(simple_run(), options).rails.at(0));
}

TEST(Attribute, PutsTheResidualOfStackingWhereItIsTold) {
  SimpleRun run;
  run.between = 1ms;
  AttributionOptions options = chronological_only();
  options.stacked = true;
  const auto first_layer = [&](Residual residual) {
    options.residual = residual;
    return attributed(simple_run(run), options).rails.at(0).layers[0].power->value();
  };
  // Layers: [0, 4) at 5 W, [5, 11) at 3 W; 1 W else; 2 ms are left over.
  EXPECT_NEAR(first_layer(Residual::end), 5, rounding);
  EXPECT_NEAR(first_layer(Residual::start), (2 * 5 + 1 * 1 + 1 * 3) / 4.0, rounding);  // stands on [2, 6)
  EXPECT_NEAR(first_layer(Residual::spread), 5, rounding);
}

TEST(Attribute, BooksTheTimeOfMarksToGapsAndTakesItOff) {
  SimpleRun run;
  run.between = 1ms;  // what marks cost
  run.latency_inferences = 20;
  const Profile profile = attributed(simple_run(run));
  EXPECT_NEAR(*profile.distortion, 0.2, rounding);
  EXPECT_EQ(profile.inference_time, 12ms);
  expect_answers(profile.rails.at(0));
  EXPECT_EQ(profile.layers[1].duration, 6ms);
}

TEST(Attribute, SpreadsWhatMarksCannotExplainOverLayersAndGaps) {
  SimpleRun run;
  run.latency_inferences = 20;
  run.latency_between = 1ms;  // the pass without marks was the slower one: 12 ms instead of 10 ms
  const Profile profile = attributed(simple_run(run));
  EXPECT_EQ(profile.layers[0].duration, from_seconds(4e-3 * 1.2));
  EXPECT_NEAR(profile.rails.at(0).layers[0].energy->value.value(), 20e-3 * 1.2, rounding);
  EXPECT_NEAR(profile.rails.at(0).unexplained.value(), 0, rounding);
}

TEST(Attribute, LeavesTheEnergyOfLayersWithoutReadingsUnexplained) {
  SimpleRun run;
  run.layers = {{4ms, 5}, {20us, 3}, {6ms - 20us, 3}};
  Timeline timeline;
  timeline.rails.push_back(read_power(lay_out(run, timeline), 100us));
  const Profile profile = attributed(timeline);  // reads at x.x5 ms, the second layer is at x.00 to x.02
  const RailProfile& rail = profile.rails.at(0);
  EXPECT_FALSE(rail.layers[1].energy);
  EXPECT_FALSE(rail.layers[1].power);
  EXPECT_EQ(rail.layers[1].readings, 0U);
  EXPECT_NEAR(rail.unexplained.value(), 3 * 20e-6, rounding);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("No reading fell into layer2")));
}

TEST(Attribute, ShowsWhatAKilledRunHadRecorded) {
  Timeline timeline = simple_run();
  timeline.complete = false;
  timeline.spans.pop_back();  // the last inference has lost a mark
  const Profile profile = attributed(timeline);
  EXPECT_NEAR(profile.rails.at(0).layers[1].energy->value.value(), 18e-3, rounding);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("did not end in order")));
}

TEST(Attribute, ShowsLatencyWhenThereWasNoEnergyPass) {
  SimpleRun run;
  run.blocks = 1;
  run.inferences = 0;
  run.latency_inferences = 10;
  const Profile profile = attributed(simple_run(run));
  EXPECT_TRUE(profile.rails.empty());
  EXPECT_EQ(profile.latency_whole.median, 12ms);
  EXPECT_EQ(profile.latency_compute.median, 10ms);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("ended before its energy pass")));
}

TEST(Attribute, RefusesARunWithoutInferences) {
  const auto profile = attribute(Timeline{});
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().code, Errc::not_found);
}

TEST(Attribute, RefusesAMethodItDoesNotKnow) {
  AttributionOptions options;
  options.method = "guess";
  const auto profile = attribute(simple_run(), options);
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().code, Errc::unsupported);
}

TEST(Attribute, WithholdsIntervalsAndIdleOfAnEstimate) {
  Timeline timeline = simple_run();
  timeline.rails[0].channel.origin = Origin::estimated;
  const Profile profile = attributed(timeline);
  EXPECT_EQ(profile.worst_origin, Origin::estimated);
  EXPECT_FALSE(profile.rails[0].per_layer_interval);
  EXPECT_FALSE(profile.rails[0].layers[0].energy->interval);
  EXPECT_FALSE(profile.rails[0].idle);
  EXPECT_FALSE(profile.rails[0].net);
  EXPECT_NEAR(profile.rails[0].inference.value.value(), 40e-3, rounding);  // pauses are still taken off
  EXPECT_THAT(profile.notes, Contains(HasSubstr("ESTIMATED, proportional to CPU time")));
}

TEST(Attribute, LeavesOutARailThatWasNotReadAndSaysSo) {
  Timeline timeline = simple_run();
  timeline.rails.emplace_back().channel.rail = "VDD_GPU";
  const Profile profile = attributed(timeline);
  EXPECT_EQ(profile.rails.size(), 1U);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("left out: VDD_GPU")));
}

TEST(Attribute, SaysThatRailsAreNotAddedUpWhenNoneIsTheTotal) {
  Timeline timeline = simple_run();
  timeline.rails[0].channel.is_total = false;
  timeline.rails.push_back(timeline.rails[0]);
  EXPECT_THAT(attributed(timeline).notes, Contains(HasSubstr("No rail is known to be the total")));
  timeline.rails[1].channel.is_total = true;
  const Profile profile = attributed(timeline);
  EXPECT_THAT(profile.notes, Not(Contains(HasSubstr("No rail is known to be the total"))));
  EXPECT_EQ(headline_rail(profile), 1U);
}

TEST(Attribute, GivesOverlappingLayersEachMomentOnce) {
  Timeline timeline = simple_run();
  for (LayerSpan& span : timeline.spans)
    if (span.layer == 0) span.end += 1ms;  // reaches into the second layer
  const Profile profile = attributed(timeline);
  expect_answers(profile.rails.at(0));
  EXPECT_THAT(profile.notes, Contains(HasSubstr("overlapped")));
}

}  // namespace
}  // namespace layerwatt
