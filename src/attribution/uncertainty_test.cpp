// SPDX-License-Identifier: Apache-2.0
#include "attribution/uncertainty.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "attribution/testing/asked.h"
#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// An INA3221 on a rail of a Jetson Nano, with a shunt of 1 %.
Accuracy nano() {
  return {0.0025, 0.0025, Volts{80e-6}, Volts{16e-3}, Ohms{0.005}, 0.01, Volts{5.0}, "worked by hand"};
}

Estimate<Joules> with(double joules, double half_width) {
  return {Joules{joules}, {{Joules{joules - half_width}, Joules{joules + half_width}}}};
}

// 100 mJ in 20 ms: 5 W, 1 A. One layer has half of each, another a quarter of the energy and no interval.
Profile hundred_millijoules() {
  Profile profile;
  profile.inference_time = 20ms;
  for (const auto duration : {10ms, 5ms}) {
    LayerProfile layer;
    layer.duration = duration;
    layer.layer.name = "layer" + std::to_string(profile.layers.size());
    profile.layers.push_back(layer);
  }
  RailProfile rail;
  rail.rail = "POM_5V_IN";
  rail.accuracy = nano();
  rail.inference = with(0.100, 1.96e-3);
  rail.layers.resize(2);
  rail.layers[0].energy = with(0.050, 0.98e-3);
  rail.layers[1].energy = Estimate<Joules>{Joules{0.025}, std::nullopt};
  profile.rails.push_back(rail);
  return profile;
}

const UncertaintyComponent& of(const Profile& profile, Influence influence) {
  for (const UncertaintyComponent& one : profile.rails[0].uncertainty.components)
    if (one.influence == influence) return one;
  throw std::logic_error{"no such component"};
}

double half_width(const std::optional<Estimate<Joules>::Interval>& interval) {
  return interval ? (interval->high - interval->low).value() / 2 : -1;
}

// Worked out by hand, to six digits: u = limit / divisor, then times the sensitivity. The constants here are
// rounded to 0.5e-9 J and 1.96 stands for 1.959964, so 20 nJ separate right from wrong.
constexpr double nanojoules = 2e-8;

TEST(Uncertainty, EachComponentIsItsLimitTimesItsSensitivity) {
  Profile profile = hundred_millijoules();
  ASSERT_TRUE(assess_uncertainty(profile));
  // 1.96 mJ / 1.96.
  EXPECT_NEAR(of(profile, Influence::repetition).inference->value(), 1.000e-3, nanojoules);
  // 0.25 % / sqrt 3 = 0.144338 % of 100 mJ.
  EXPECT_NEAR(of(profile, Influence::shunt_gain).inference->value(), 0.144338e-3, nanojoules);
  EXPECT_NEAR(of(profile, Influence::bus_gain).inference->value(), 0.144338e-3, nanojoules);
  // 1 % / sqrt 3 = 0.577350 %.
  EXPECT_NEAR(of(profile, Influence::shunt_tolerance).inference->value(), 0.577350e-3, nanojoules);
  // 80 uV / sqrt 3 = 46.1880 uV; 5 V / 5 mOhm x 20 ms = 20 J/V.
  EXPECT_NEAR(of(profile, Influence::shunt_offset).sensitivity, 20, 1e-9);
  EXPECT_NEAR(of(profile, Influence::shunt_offset).inference->value(), 0.923760e-3, nanojoules);
  // 16 mV / sqrt 3 = 9.23760 mV; 1 A x 20 ms = 0.02 J/V.
  EXPECT_NEAR(of(profile, Influence::bus_offset).sensitivity, 0.02, 1e-12);
  EXPECT_NEAR(of(profile, Influence::bus_offset).inference->value(), 0.184752e-3, nanojoules);
}

TEST(Uncertainty, ExpandedIsTwiceTheRootOfTheSumOfSquares) {
  Profile profile = hundred_millijoules();
  ASSERT_TRUE(assess_uncertainty(profile));
  // 1 + 2 x 0.0208333 + 0.3333333 + 0.8533333 + 0.0341333 = 2.2624666; its root 1.504150, twice
  // that 3.008300.
  const RailProfile& rail = profile.rails[0];
  ASSERT_TRUE(rail.uncertainty.inference);
  EXPECT_NEAR(rail.uncertainty.inference->value(), 1.504150e-3, nanojoules);
  EXPECT_NEAR(half_width(rail.inference_absolute), 3.008300e-3, 2 * nanojoules);
  EXPECT_DOUBLE_EQ(rail.inference_absolute->low.value() + rail.inference_absolute->high.value(), 0.2);
  EXPECT_THAT(rail.uncertainty.withheld, IsEmpty());
}

TEST(Uncertainty, LayersCarryBothIntervals) {
  Profile profile = hundred_millijoules();
  ASSERT_TRUE(assess_uncertainty(profile));
  // Half of everything, in half the time: half of each component.
  EXPECT_NEAR(half_width(profile.rails[0].layers[0].absolute), 1.504150e-3, nanojoules);
  EXPECT_NEAR(half_width(profile.rails[0].layers[0].energy->interval), 0.98e-3, 1e-12);
  EXPECT_FALSE(profile.rails[0].layers[1].absolute);  // no relative interval, no absolute one
}

// 1.04 W more for each watt, surest at 4 W; standard uncertainties 0.5 % and 10 mW; a meter of 0.1 % + 2 mW.
Profile calibrated_hundred_millijoules() {
  Profile profile = hundred_millijoules();
  RailCalibration known;
  known.gain = 1.04;
  known.gain_half_width = 0.005 * 1.959964;
  known.at = Watts{4};
  known.reads_half_width = Watts{0.010 * 1.959964};
  known.meter_accuracy = {0.001, Watts{0.002}};
  profile.rails[0].calibration = known;
  return profile;
}

TEST(Uncertainty, ACalibrationTakesThePlaceOfWhatTheDataSheetSays) {
  Profile profile = calibrated_hundred_millijoules();
  profile.rails[0].accuracy = {};  // it does not matter any more
  ASSERT_TRUE(assess_uncertainty(profile));
  // 0.5 % of (100 mJ - 4 W x 20 ms) / 1.04, which is 19.2308 mJ.
  EXPECT_NEAR(of(profile, Influence::calibration_gain).inference->value(), 0.0961538e-3, nanojoules);
  // 10 mW x 20 ms / 1.04.
  EXPECT_NEAR(of(profile, Influence::calibration_level).inference->value(), 0.192308e-3, nanojoules);
  // 0.1 % / sqrt 3 of 100 mJ, 2 mW / sqrt 3 x 20 ms.
  EXPECT_NEAR(of(profile, Influence::meter_gain).inference->value(), 0.0577350e-3, nanojoules);
  EXPECT_NEAR(of(profile, Influence::meter_offset).inference->value(), 0.0230940e-3, nanojoules);
  EXPECT_THROW(of(profile, Influence::shunt_tolerance), std::logic_error);
  // With 1 mJ of repetition: the root of 1 + 0.00924556 + 0.0369822 + 0.00333333 + 0.000533333, twice.
  EXPECT_NEAR(half_width(profile.rails[0].inference_absolute), 2 * 1.0247409e-3, 2 * nanojoules);
  EXPECT_NEAR(half_width(profile.rails[0].inference.interval), 1.96e-3, 1e-12);  // the relative one stays
}

TEST(Uncertainty, ALayerBelowTheMiddleOfACalibrationMovesTheOtherWay) {
  Profile profile = calibrated_hundred_millijoules();
  profile.rails[0].layers[1].energy = with(0.0025, 1e-6);  // 0.5 W for 5 ms
  ASSERT_TRUE(assess_uncertainty(profile));
  // 0.5 % of (2.5 mJ - 4 W x 5 ms) / 1.04.
  EXPECT_NEAR(of(profile, Influence::calibration_gain).layers[1]->value(), -0.0841346e-3, nanojoules);
}

TEST(Uncertainty, WithoutTheMetersOwnErrorsTheAbsoluteIntervalIsWithheld) {
  Profile profile = calibrated_hundred_millijoules();
  profile.rails[0].calibration->meter_accuracy.reset();
  ASSERT_TRUE(assess_uncertainty(profile));
  EXPECT_FALSE(profile.rails[0].inference_absolute);
  EXPECT_THAT(profile.rails[0].uncertainty.withheld, HasSubstr("gain of the meter"));
}

TEST(Uncertainty, OffsetOfShortLayersOfLittlePowerWeighsMore) {
  Profile profile = hundred_millijoules();
  profile.rails[0].layers[1].energy = with(0.0025, 1e-6);  // 0.5 W for 5 ms
  ASSERT_TRUE(assess_uncertainty(profile));
  // 46.1880 uV x 5 V / 5 mOhm x 5 ms = 46.1880 uV x 5 J/V, of 2.5 mJ: 9.2 %, and twice that at k = 2.
  EXPECT_NEAR(of(profile, Influence::shunt_offset).layers[1]->value(), 0.230940e-3, nanojoules);
  EXPECT_GT(half_width(profile.rails[0].layers[1].absolute) / 0.0025, 0.18);
}

TEST(Uncertainty, CommonErrorsOfLayersAddUpToThatOfTheInference) {
  Profile profile = hundred_millijoules();
  profile.layers[1].duration = 10ms;
  profile.rails[0].layers[1].energy = with(0.050, 0.98e-3);
  ASSERT_TRUE(assess_uncertainty(profile));
  for (const UncertaintyComponent& one : profile.rails[0].uncertainty.components) {
    if (!facts_of(one.influence).common || !one.not_assessed.empty()) continue;
    EXPECT_NEAR((*one.layers[0] + *one.layers[1]).value(), one.inference->value(), 1e-15)
        << facts_of(one.influence).name;
  }
}

TEST(Uncertainty, OffsetDropsOutOfWhatIsNetOfIdle) {
  Profile profile = hundred_millijoules();
  RailProfile& rail = profile.rails[0];
  rail.idle = Estimate<Watts>{Watts{2}, {{Watts{1.9902}, Watts{2.0098}}}};  // 9.8 mW / 1.96 = 5 mW
  rail.pause = 10ms;
  rail.net = with(0.060, 2.0e-3);
  ASSERT_TRUE(assess_uncertainty(profile));
  EXPECT_EQ(of(profile, Influence::shunt_offset).net, Joules{});
  EXPECT_NEAR(of(profile, Influence::shunt_gain).net->value(), 0.6 * 0.144338e-3, nanojoules);
  // 5 mW x 10 ms of pauses, and x 30 ms of pauses and inference.
  EXPECT_NEAR(of(profile, Influence::idle).inference->value(), 0.050e-3, nanojoules);
  EXPECT_NEAR(of(profile, Influence::idle).net->value(), 0.150e-3, nanojoules);
  // Idle and repetition together are the relative interval: nothing is counted twice.
  EXPECT_NEAR(std::hypot(of(profile, Influence::idle).inference->value(),
                         of(profile, Influence::repetition).inference->value()),
              1.000e-3, nanojoules);
  EXPECT_LT(half_width(rail.net_absolute), half_width(rail.inference_absolute));
}

TEST(Uncertainty, IsWithheldWhenTheToleranceIsNotKnown) {
  Profile profile = hundred_millijoules();
  profile.rails[0].accuracy.shunt_tolerance.reset();
  ASSERT_TRUE(assess_uncertainty(profile));
  EXPECT_FALSE(profile.rails[0].inference_absolute);
  EXPECT_FALSE(profile.rails[0].layers[0].absolute);
  EXPECT_EQ(profile.rails[0].uncertainty.withheld, "not known of this sensor: tolerance of shunt");
  EXPECT_TRUE(of(profile, Influence::shunt_gain).inference);  // what is known is listed all the same
}

TEST(Uncertainty, IsWithheldForASensorOfWhichNothingIsKnown) {
  Profile profile = hundred_millijoules();
  profile.rails[0].accuracy = {};
  ASSERT_TRUE(assess_uncertainty(profile));
  EXPECT_FALSE(profile.rails[0].inference_absolute);
  // A counter of energy has no shunt to name.
  EXPECT_EQ(profile.rails[0].uncertainty.withheld, "nothing is known of how far this sensor may be off");
}

TEST(Uncertainty, IsWithheldForAnEstimate) {
  Profile profile = hundred_millijoules();
  profile.rails[0].origin = Origin::estimated;
  ASSERT_TRUE(assess_uncertainty(profile));
  EXPECT_FALSE(profile.rails[0].inference_absolute);
  EXPECT_THAT(profile.rails[0].uncertainty.withheld, HasSubstr("estimated"));
}

TEST(Uncertainty, IsWithheldWithoutARelativeInterval) {
  Profile profile = hundred_millijoules();
  profile.rails[0].inference.interval.reset();
  ASSERT_TRUE(assess_uncertainty(profile));
  EXPECT_FALSE(profile.rails[0].inference_absolute);
  EXPECT_EQ(profile.rails[0].uncertainty.withheld, "there is no relative interval");
}

TEST(Uncertainty, AbsurdFiguresFromAFileAreNotBelieved) {
  for (const double shunt : {0.0, -0.005}) {
    Profile profile = hundred_millijoules();
    profile.rails[0].accuracy.shunt = Ohms{shunt};
    ASSERT_TRUE(assess_uncertainty(profile));
    EXPECT_FALSE(profile.rails[0].inference_absolute) << shunt;
  }
  Profile negative = hundred_millijoules();
  negative.rails[0].accuracy.shunt_gain = -0.0025;
  ASSERT_TRUE(assess_uncertainty(negative));
  EXPECT_NEAR(half_width(negative.rails[0].inference_absolute), 3.008300e-3, 2 * nanojoules);
}

TEST(Uncertainty, JoinedLayersHaveBothIntervalsToo) {
  Profile profile = hundred_millijoules();
  profile.rails[0].joined.push_back({{0, 1}, Joules{0.075}, Joules{0.98e-3}, std::nullopt, std::nullopt});
  ASSERT_TRUE(assess_uncertainty(profile));
  // 0.5^2 + 0.75^2 x (2 x 0.0208333 + 0.3333333 + 0.8533333 + 0.0341333) = 0.9601374; its root 0.979866.
  EXPECT_NEAR(profile.rails[0].joined[0].absolute_half_width.value_or(Joules{}).value(), 1.959732e-3,
              2 * nanojoules);
}

// ---- Several runs ---------------------------------------------------------------------------------------

// Runs of these energies; the first is the one shown.
std::vector<Profile> runs(std::initializer_list<double> millijoules) {
  std::vector<Profile> made;
  for (const double energy : millijoules) {
    made.push_back(hundred_millijoules());
    made.back().rails[0].inference = with(energy * 1e-3, 1.96e-3);
    made.back().rails[0].layers[0].energy = with(energy / 2 * 1e-3, 0.98e-3);
  }
  return made;
}

TEST(Uncertainty, OneRunSaysNothingAboutOthers) {
  Profile profile = hundred_millijoules();
  ASSERT_TRUE(assess_uncertainty(profile));
  EXPECT_EQ(of(profile, Influence::runs).not_assessed, "needs 5 runs, there is 1");
  auto four = runs({100, 102, 98, 101});
  ASSERT_TRUE(assess_uncertainty(four[0], std::span{four}.subspan(1)));
  EXPECT_EQ(of(four[0], Influence::runs).not_assessed, "needs 5 runs, there are 4");
}

TEST(Uncertainty, FiveRunsAddWhatTheyDifferByBeyondRepetition) {
  auto five = runs({100, 103, 97, 104, 96});
  ASSERT_TRUE(assess_uncertainty(five[0], std::span{five}.subspan(1)));
  // Squares 0 + 9 + 9 + 16 + 16 = 50, over 4: s = 3.535534 mJ. Student's t for 4 degrees is 2.776445; half of
  // it: 4.908108 mJ. Without the 1 mJ of repetition: 4.805155 mJ.
  EXPECT_NEAR(of(five[0], Influence::runs).inference->value(), 4.805155e-3, 2e-7);  // t is tabled to 5e-5
  EXPECT_NEAR(of(five[0], Influence::runs).layers[0]->value(), 4.805155e-3 / 2, 2e-7);
  // 2.2624666 + 23.0895 = 25.3520; its root 5.035, twice that 10.07.
  EXPECT_NEAR(half_width(five[0].rails[0].inference_absolute), 10.070e-3, 2e-6);
}

TEST(Uncertainty, RunsThatDifferByNoMoreThanRepetitionAddNothing) {
  auto five = runs({100, 100.1, 99.9, 100.2, 99.8});
  ASSERT_TRUE(assess_uncertainty(five[0], std::span{five}.subspan(1)));
  EXPECT_EQ(of(five[0], Influence::runs).inference, Joules{});
  EXPECT_NEAR(half_width(five[0].rails[0].inference_absolute), 3.008300e-3, 2 * nanojoules);
}

Error refused(std::vector<Profile> all) {
  const auto assessed = assess_uncertainty(all[0], std::span{all}.subspan(1));
  EXPECT_FALSE(assessed);
  return assessed ? Error{} : assessed.error();
}

TEST(Uncertainty, RunsOfSomethingElseAreRefused) {
  auto other = runs({100, 101});
  other[1].layers[1].layer.name = "another";
  EXPECT_THAT(refused(other).detail, HasSubstr("layers"));
  other = runs({100, 101});
  other[1].rails[0].rail = "POM_5V_GPU";
  EXPECT_THAT(refused(other).detail, HasSubstr("POM_5V_IN"));
  other = runs({100, 101});
  other[1].rails[0].origin = Origin::simulated;
  EXPECT_THAT(refused(other).detail, HasSubstr("POM_5V_IN"));
}

TEST(Uncertainty, RunsUnderOtherSettingsAreRefused) {
  for (const char* key :
       {"batch", "in_flight", "input", "input.preprocessing", "input.hash", "engine", "engine.version",
        "engine.threads", "engine.level", "engine.convolutions", "engine.fusion", "engine.spinning", "board",
        "power_mode", "model.name", "model.weights", "simulation"}) {
    auto two = runs({100, 101});
    two[0].circumstances[key] = "1";
    two[1].circumstances[key] = "4";
    EXPECT_EQ(refused(two).detail, key + std::string{" is \"4\", not \"1\""});
    two[1].circumstances.erase(key);
    EXPECT_EQ(refused(two).detail, key + std::string{" is \"\", not \"1\""});
  }
}

TEST(Uncertainty, OneRunTwiceIsRefused) {
  EXPECT_THAT(refused(runs({100, 101, 102, 103, 101})).detail, HasSubstr("twice"));
}

// ---- From a run -----------------------------------------------------------------------------------------

TEST(Uncertainty, AttributionCarriesWhatTheRunFileKnows) {
  Timeline timeline = testing::simple_run();
  timeline.rails[0].channel.accuracy = nano();
  const auto profile = attribute(timeline, chronological_only());
  ASSERT_TRUE(profile);
  const RailProfile& rail = profile->rails[0];
  ASSERT_TRUE(rail.inference_absolute);
  EXPECT_GT(half_width(rail.inference_absolute), half_width(rail.inference.interval));
  for (const LayerEnergy& layer : rail.layers) ASSERT_TRUE(layer.absolute);
}

// The readings that a sensor would have given whose errors lie anywhere within nano().
class WrongSensor {
 public:
  explicit WrongSensor(unsigned seed) : random_{seed} {}
  Timeline read(Timeline run) {
    const Accuracy known = nano();
    const double shunt = known.shunt->value(), bus = known.bus->value();
    const double scale = 1 + within(*known.shunt_gain) + within(*known.bus_gain) -
                         within(*known.shunt_tolerance) + within(known.bus_offset->value()) / bus;
    const Watts offset{within(known.shunt_offset->value()) / shunt * bus};
    run.rails[0].channel.accuracy = known;
    for (Reading& reading : run.rails[0].readings)
      reading.value = std::get<Watts>(reading.value) * scale + offset;
    return run;
  }

 private:
  double within(double limit) { return std::uniform_real_distribution<double>{-limit, limit}(random_); }
  std::mt19937 random_;
};

struct Covered {
  int twice = 0, once = 0;  // by k = 2 and by k = 1
  void count(const std::optional<Estimate<Joules>::Interval>& interval, double truth) {
    ASSERT_TRUE(interval);
    const double half = half_width(interval), error = std::abs(interval->low.value() + half - truth);
    twice += error <= half ? 1 : 0;
    once += error <= half / 2 ? 1 : 0;
  }
};

// k = 2 promises about 95 %. Of 400 draws the standard deviation of that share is 1.1 %, so 0.95 - 2 x 1.1 %
// is the least that may come. Rectangles have short tails: more than 0.95 may well be covered, but not by
// intervals that are too wide: k = 1 must leave out about a third, and not less than a fifth (10 standard
// deviations off).
TEST(Uncertainty, AbsoluteIntervalsCoverWhatAnySensorWithinItsDataSheetReads) {
  constexpr int draws = 400;
  const Timeline truth = testing::simple_run();
  WrongSensor sensor{1};
  Covered whole, net, layer;
  for (int i = 0; i < draws; ++i) {
    const auto profile = attribute(sensor.read(truth), chronological_only());
    ASSERT_TRUE(profile);
    const RailProfile& rail = profile->rails[0];
    whole.count(rail.inference_absolute, 0.040);  // 4 ms x 5 W + 6 ms x 3 W + 2 ms x 1 W
    net.count(rail.net_absolute, 0.040 - 0.012);  // minus 12 ms x 1 W
    layer.count(rail.layers[1].absolute, 0.018);
  }
  for (const Covered& covered : {whole, net, layer}) {
    EXPECT_GE(covered.twice, draws * (0.95 - 2 * 0.011));
    EXPECT_LE(covered.once, draws * 0.8);
  }
}

TEST(Uncertainty, ToleranceMayBeAssumedAndIsSaidToBe) {
  Timeline timeline = testing::simple_run();
  timeline.rails[0].channel.accuracy = nano();
  timeline.rails[0].channel.accuracy.shunt_tolerance.reset();
  ASSERT_FALSE(attribute(timeline, chronological_only())->rails[0].inference_absolute);
  AttributionOptions options = chronological_only();
  options.shunt_tolerance = 0.05;
  const auto profile = attribute(timeline, options);
  ASSERT_TRUE(profile);
  EXPECT_TRUE(profile->rails[0].inference_absolute);
  EXPECT_DOUBLE_EQ(of(*profile, Influence::shunt_tolerance).limit, 0.05);
  EXPECT_THAT(profile->rails[0].accuracy.source, HasSubstr("assumed"));
}

}  // namespace
}  // namespace layerwatt
