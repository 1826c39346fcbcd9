// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a run, one test each, over every method: the result says so in a sentence or leaves
// the number out, and never crashes, shows NaN, or is sure of what is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "attribution/profile.h"
#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::lay_out;
using testing::read_power;
using testing::SimpleRun;

// SimpleRun: 50 inferences with layers of 4 ms at 5 W and 6 ms at 3 W; the whole costs 40 mJ. Each reading is
// off by 0.05 W, so that means of a layer's readings, 1000 or more where only some are lost, are off by 1.6
// mW.
constexpr double noise = 0.05, mapped = 5 * 0.0016;
// Unmixing draws powers towards each other and fits a lag: 5 % is far more than that does with so many
// readings of two layers, and far less than the 67 % between them.
constexpr double fitted = 0.05;

Timeline noisy_run(const SimpleRun& run = {}) {
  Timeline timeline = testing::simple_run(run);
  std::mt19937 random{1};
  std::normal_distribution<> off{0, noise};
  for (Reading& reading : timeline.rails[0].readings)
    reading.value = Watts{std::get<Watts>(reading.value).value() + off(random)};
  return timeline;
}

class BadInput : public ::testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] bool maps() const { return GetParam().starts_with("chron") || GetParam() == "overlap-mean"; }

  // The profile by the method, after what must hold of every profile.
  [[nodiscard]] Profile attributed(const Timeline& timeline) const {
    AttributionOptions options;
    options.method = GetParam();
    auto profile = attribute(timeline, options);
    EXPECT_TRUE(profile) << profile.error().detail;
    if (!profile) return {};
    for (const RailProfile& rail : profile->rails) expect_sane(rail);
    return *profile;
  }

  static void expect_sane(const RailProfile& rail) {
    const auto expect_finite = [](const Estimate<Joules>& estimate) {
      EXPECT_TRUE(std::isfinite(estimate.value.value()));
      if (!estimate.interval) return;
      EXPECT_TRUE(std::isfinite(estimate.interval->low.value()));
      EXPECT_LE(estimate.interval->low, estimate.value);
      EXPECT_GE(estimate.interval->high, estimate.value);
    };
    expect_finite(rail.inference);
    double sum = rail.gaps.value() + rail.unexplained.value(), size = std::abs(sum);
    for (const LayerEnergy& layer : rail.layers) {
      if (!layer.energy) continue;
      expect_finite(*layer.energy);
      sum += layer.energy->value.value();
      size += std::abs(layer.energy->value.value());
    }
    EXPECT_NEAR(sum, rail.inference.value.value(), size * 1e-12);  // layers + gaps + unexplained
  }

  // Powers of the two layers of SimpleRun: right, or left out by a method that says why.
  void expect_powers(const Profile& profile) const {
    ASSERT_EQ(profile.rails.size(), 1U);
    EXPECT_NEAR(profile.rails[0].inference.value.value(), 40e-3, 40e-3 * 0.01);
    if (GetParam() == "time-proportional") return;
    const bool unmixes = GetParam() == "forward" || GetParam() == "chronological-lag";
    ASSERT_EQ(profile.rails[0].layers.size(), 2U);
    const auto first = profile.rails[0].layers[0].power, second = profile.rails[0].layers[1].power;
    if (unmixes && !first && !second) {
      EXPECT_THAT(profile.notes, Contains(HasSubstr("layers cannot be")));
      return;
    }
    ASSERT_TRUE(first && second);
    EXPECT_NEAR(first->value(), 5, unmixes ? 5 * fitted : mapped);
    EXPECT_NEAR(second->value(), 3, unmixes ? 3 * fitted : mapped);
  }

  static void expect_no_layer_intervals(const Profile& profile) {
    for (const RailProfile& rail : profile.rails)
      for (const LayerEnergy& layer : rail.layers) EXPECT_FALSE(layer.energy && layer.energy->interval);
  }
};

std::vector<Reading>& readings_of(Timeline& timeline) { return timeline.rails.at(0).readings; }

// Index of the first reading from `when` on.
std::size_t at(const Timeline& timeline, Nanoseconds when) {
  const auto& readings = timeline.rails.at(0).readings;
  const auto found = std::find_if(readings.begin(), readings.end(),
                                  [&](const Reading& reading) { return reading.before >= Instant{when}; });
  return static_cast<std::size_t>(found - readings.begin());
}

// SimpleRun: idle until 1 s, inferences until 1.7 s, idle until 2.7 s.
constexpr Nanoseconds middle = 1350ms;

TEST_P(BadInput, ReadingsOutOfOrder) {
  Timeline timeline = noisy_run();
  auto& readings = readings_of(timeline);
  for (std::size_t i = 5; i + 1 < readings.size(); i += 10) std::swap(readings[i], readings[i + 1]);
  const Profile profile = attributed(timeline);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("of 27000 readings were left out")));
  expect_powers(profile);
}

TEST_P(BadInput, ReadingsTwice) {
  Timeline timeline = noisy_run();
  auto& readings = readings_of(timeline);
  std::vector<Reading> twice;
  for (const Reading& reading : readings) twice.insert(twice.end(), 2, reading);
  readings = twice;
  const Profile profile = attributed(timeline);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("27000 of 54000 readings were left out")));
  expect_powers(profile);
  EXPECT_EQ(profile.rails.at(0).readings, 27000U);
}

TEST_P(BadInput, SensorIsStuckForAWhile) {
  Timeline timeline = noisy_run();
  auto& readings = readings_of(timeline);
  const Value last = readings[at(timeline, middle)].value;
  for (std::size_t i = at(timeline, middle); i < readings.size(); ++i) readings[i].value = last;
  EXPECT_THAT(attributed(timeline).notes, Contains(HasSubstr("the sensor was stuck for a while")));
}

TEST_P(BadInput, ConstantRail) {
  Timeline timeline = noisy_run();
  for (Reading& reading : readings_of(timeline)) reading.value = Watts{2.5};
  const Profile profile = attributed(timeline);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("They tell nothing about layers")));
  expect_no_layer_intervals(profile);
  EXPECT_NEAR(profile.rails.at(0).inference.value.value(), 2.5 * 12e-3, 1e-6);
}

TEST_P(BadInput, CounterThatDoesNotMove) {
  Timeline timeline;
  timeline.rails.push_back(testing::read_counter(lay_out({}, timeline), 100us));
  for (Reading& reading : readings_of(timeline)) reading.value = Joules{7};
  const Profile profile = attributed(timeline);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("They tell nothing about layers")));
  expect_no_layer_intervals(profile);
}

TEST_P(BadInput, NoNumbers) {
  Timeline timeline = noisy_run();
  auto& readings = readings_of(timeline);
  for (std::size_t i = 0; i < readings.size(); i += 3)
    readings[i].value = Watts{i % 2 == 0 ? std::nan("") : -std::numeric_limits<double>::infinity()};
  const Profile profile = attributed(timeline);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("9000 of 27000 readings were left out: no number")));
  expect_powers(profile);
}

TEST_P(BadInput, NothingButNoNumbers) {
  Timeline timeline = noisy_run();
  for (Reading& reading : readings_of(timeline)) reading.value = Watts{std::nan("")};
  const Profile profile = attributed(timeline);
  EXPECT_TRUE(profile.rails.empty());
  EXPECT_THAT(profile.notes, Contains(HasSubstr("left out: VDD_IN")));
}

TEST_P(BadInput, GapThatTheSamplerRecorded) {
  Timeline timeline = noisy_run();
  auto& readings = readings_of(timeline);
  const auto from = at(timeline, 1200ms), to = at(timeline, 1500ms);
  timeline.rails[0].gaps.push_back({readings[from].before, readings[to].before, "busy"});
  readings.erase(readings.begin() + static_cast<std::ptrdiff_t>(from),
                 readings.begin() + static_cast<std::ptrdiff_t>(to));
  const Profile profile = attributed(timeline);
  // From the last reading before 1200 ms to the first from 1500 ms on, of 698 ms: 43 %.
  EXPECT_THAT(profile.notes, Contains(HasSubstr("43 % of the energy pass was not read, 300 ms")));
  expect_powers(profile);
}

void shift(std::vector<Reading>& readings, std::size_t from, Nanoseconds by) {
  for (std::size_t i = from; i < readings.size(); ++i) {
    readings[i].before += by;
    readings[i].after += by;
  }
}

// Every reading after the step lies beside its mark.
TEST_P(BadInput, ReadingsWhoseClockWasSetForward) {
  Timeline timeline = noisy_run();
  auto& readings = readings_of(timeline);
  shift(readings, at(timeline, 1100ms), 553ms);
  const Profile profile = attributed(timeline);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("553 ms while inferences ran, and no reason was recorded")));
  expect_no_layer_intervals(profile);
}

TEST_P(BadInput, ReadingsWhoseClockWasSetBack) {
  Timeline timeline = noisy_run();
  auto& readings = readings_of(timeline);
  shift(readings, at(timeline, middle), -603ms);
  const Profile profile = attributed(timeline);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("stamps of readings went back by 603 ms")));
  expect_no_layer_intervals(profile);
}

// The machine was suspended for an hour, or its clock was set: readings and marks alike.
TEST_P(BadInput, AnHourWithinAnInference) {
  Timeline timeline = noisy_run();
  const Instant when{1353ms};  // in the second layer of an inference that began at 1.35 s
  const auto move = [&](Instant& stamp) { stamp += stamp > when ? Nanoseconds{1h} : Nanoseconds{0}; };
  for (Reading& reading : readings_of(timeline)) {
    move(reading.before);
    move(reading.after);
  }
  for (Inference& one : timeline.inferences)
    for (Instant* stamp : {&one.load_begin, &one.compute_begin, &one.compute_end, &one.unload_end})
      move(*stamp);
  for (LayerSpan& span : timeline.spans) {
    move(span.begin);
    move(span.end);
  }
  for (PhaseSpan& phase : timeline.phases) {
    move(phase.from);
    move(phase.to);
  }
  const Profile profile = attributed(timeline);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("or far longer than the others) and were left out")));
  EXPECT_EQ(profile.inference_time, 12ms);
  EXPECT_EQ(profile.layers.at(1).duration, 6ms);
  expect_powers(profile);
}

TEST_P(BadInput, SpansOverlap) {
  Timeline timeline = noisy_run();
  for (LayerSpan& span : timeline.spans)
    if (span.layer == 0) span.end += 1ms;  // reaches into the second layer
  const Profile profile = attributed(timeline);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("Layers overlapped in time")));
  EXPECT_EQ(profile.layers.at(0).duration + profile.layers.at(1).duration, 10ms);  // no moment counts twice
  expect_powers(profile);
}

TEST_P(BadInput, SpansNeverEnd) {
  for (const Instant end : {Instant{}, Instant{1699ms}, Instant::max()}) {
    Timeline timeline = noisy_run();
    timeline.spans[41].end = end;  // layer 2 of the 21st of 50 inferences
    const Profile profile = attributed(timeline);
    EXPECT_THAT(profile.notes, Contains(HasSubstr("1 inferences or spans could not be")));
    EXPECT_EQ(profile.layers.at(1).duration, 6ms);
    expect_powers(profile);
  }
}

TEST_P(BadInput, InferencesNeverEnd) {
  for (const Instant end : {Instant{}, Instant{1h}, Instant::max()}) {
    Timeline timeline = noisy_run();
    timeline.inferences[20].unload_end = end;
    const Profile profile = attributed(timeline);
    EXPECT_THAT(profile.notes, Contains(HasSubstr("1 inferences or spans could not be")));
    EXPECT_EQ(profile.inferences, 49U);
    EXPECT_EQ(profile.inference_time, 12ms);
    expect_powers(profile);
  }
}

TEST_P(BadInput, LayersWithoutTime) {
  Timeline timeline = noisy_run();
  timeline.layers.emplace_back().name = "nothing";
  const auto marked = timeline.spans;
  timeline.spans.clear();
  for (const LayerSpan& span : marked) {
    timeline.spans.push_back(span);
    if (span.layer == 0) timeline.spans.push_back({2, span.inference, span.end, span.end});
  }
  const Profile profile = attributed(timeline);
  const LayerEnergy& nothing = profile.rails.at(0).layers.at(2);
  EXPECT_FALSE(nothing.energy);
  EXPECT_FALSE(nothing.power);
  EXPECT_THAT(profile.notes, Contains(HasSubstr("nothing")));
  EXPECT_NEAR(profile.rails[0].inference.value.value(), 40e-3, 40e-3 * 0.01);
}

TEST_P(BadInput, OneInferenceOnly) {
  SimpleRun run;
  run.inferences = run.blocks = 1;
  const Profile profile = attributed(noisy_run(run));
  EXPECT_THAT(profile.notes, Contains(HasSubstr("Only one inference was measured")));
  EXPECT_FALSE(profile.rails.at(0).inference.interval);
  expect_no_layer_intervals(profile);
  EXPECT_NEAR(profile.rails[0].inference.value.value(), 40e-3, 40e-3 * 0.01);
}

TEST_P(BadInput, FewerReadingsThanLayers) {
  SimpleRun run;
  run.layers.assign(20, {500us, 4});
  run.inferences = run.blocks = 2;
  Timeline timeline;
  timeline.rails.push_back(read_power(lay_out(run, timeline), 4ms));
  for (Reading& reading : readings_of(timeline)) reading.after = reading.before;
  const Profile profile = attributed(timeline);
  expect_no_layer_intervals(profile);
  if (maps()) {
    EXPECT_THAT(profile.notes, Contains(HasSubstr("No reading fell into")));
  } else if (GetParam() == "forward") {
    EXPECT_THAT(profile.notes, Contains(HasSubstr("cannot be split over 20 layers")));
  }
}

std::string test_name(const ::testing::TestParamInfo<std::string>& method) {
  std::string name = method.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Methods, BadInput, ::testing::ValuesIn(attribution_methods()), test_name);

}  // namespace
}  // namespace layerwatt
