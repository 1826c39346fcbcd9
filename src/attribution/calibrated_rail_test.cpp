// SPDX-License-Identifier: Apache-2.0
#include "attribution/calibrated_rail.h"

#include <gmock/gmock.h>

#include <random>

#include "attribution/profile.h"
#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// Read by a sensor that shows 1.04 of each watt and 0.3 W of none, and that a meter had told this of.
RailCalibration planted() {
  RailCalibration known;
  known.gain = 1.04;
  known.at = Watts{3};
  known.reads = Watts{0.3 + 1.04 * 3};
  known.from = Watts{0.5};
  known.to = Watts{6};
  known.meter = "csv:-";
  known.made = "2026-11-22 04:35 UTC";
  return known;
}

// Noise gives method forward something to weigh by.
Timeline read_rightly() {
  Timeline run = testing::simple_run();
  std::mt19937_64 random{1};
  std::normal_distribution<> noise{0, 0.05};
  for (Reading& reading : run.rails[0].readings) std::get<Watts>(reading.value) += Watts{noise(random)};
  return run;
}

Timeline read_wrongly(bool told = true) {
  Timeline run = read_rightly();
  for (Reading& reading : run.rails[0].readings) {
    Watts& power = std::get<Watts>(reading.value);
    power = power * 1.04 + Watts{0.3};
  }
  if (told) run.rails[0].calibration = planted();
  return run;
}

Profile profile_of(const Timeline& run, const char* method, bool calibrated = true) {
  AttributionOptions options;
  options.method = method;
  options.calibrated = calibrated;
  auto profile = attribute(run, options);
  EXPECT_TRUE(profile) << profile.error().detail;
  return std::move(*profile);
}

TEST(CalibratedRail, EveryMethodFindsWhatAPerfectSensorWouldHaveShown) {
  for (const std::string& method : attribution_methods()) {
    const Profile right = profile_of(read_rightly(), method.c_str());
    const Profile corrected = profile_of(read_wrongly(), method.c_str());
    const RailProfile &a = right.rails[0], &b = corrected.rails[0];
    // Attribution is linear but for its shrinkage, which follows the scatter that is left: 1e-6 is far above
    // rounding and far below any interval.
    EXPECT_NEAR(b.inference.value / a.inference.value, 1, 1e-6) << method;
    EXPECT_NEAR(b.net->value / a.net->value, 1, 1e-6) << method;
    EXPECT_NEAR(b.idle->value / a.idle->value, 1, 1e-6) << method;
    for (std::size_t l = 0; l < a.layers.size(); ++l)
      EXPECT_NEAR(b.layers[l].energy->value / a.layers[l].energy->value, 1, 1e-6) << method << " " << l;
    ASSERT_TRUE(b.calibration);
    EXPECT_THAT(corrected.notes, Contains(AllOf(HasSubstr("corrected by a calibration of 2026-11-22"),
                                                HasSubstr("against csv:-"))));
  }
}

TEST(CalibratedRail, LeftOutPowersAreAsTheyWereReadAndThatIsSaid) {
  const Profile untold = profile_of(read_wrongly(false), "forward");
  const Profile left_out = profile_of(read_wrongly(), "forward", false);
  EXPECT_EQ(left_out.rails[0].inference.value, untold.rails[0].inference.value);
  EXPECT_FALSE(left_out.rails[0].calibration);
  EXPECT_THAT(left_out.notes, Contains(HasSubstr("is not applied: as was asked for")));
}

TEST(CalibratedRail, TheStepOfThePowersIsCorrectedToo) {
  RailRecord rail = read_wrongly().rails[0];
  rail.channel.quantum = Watts{0.040};
  EXPECT_NEAR(corrected(rail).channel.quantum->value(), 0.040 / 1.04, 1e-12);
  EXPECT_NEAR(std::get<Watts>(corrected(rail).readings[0].value).value(),
              std::get<Watts>(read_rightly().rails[0].readings[0].value).value(), 1e-12);
}

TEST(CalibratedRail, ACounterOfEnergyIsNotCorrectedAndThatIsSaid) {
  Timeline run = testing::simple_run();
  RailRecord& rail = run.rails[0];
  rail.channel.meaning = Meaning::energy_total;
  Joules sum{};
  for (Reading& reading : rail.readings) {
    sum += std::get<Watts>(reading.value) * std::chrono::microseconds{100};
    reading.value = sum;
  }
  const Profile before = profile_of(run, "overlap-mean");
  run.rails[0].calibration = planted();
  EXPECT_FALSE(can_be_corrected(run.rails[0]));
  const Profile after = profile_of(run, "overlap-mean");
  EXPECT_EQ(after.rails[0].inference.value, before.rails[0].inference.value);
  EXPECT_THAT(after.notes, Contains(HasSubstr("an energy counter is not corrected")));
}

TEST(CalibratedRail, WhatLiesOutsideTheCalibratedPowersAndWhatIsLostBeforeTheRailIsSaid) {
  Timeline run = read_wrongly();
  EXPECT_THAT(profile_of(run, "forward").notes, Not(Contains(HasSubstr("the line is carried on"))));
  run.rails[0].calibration->from = Watts{2};  // idle is 1 W
  run.rails[0].supply_loss =
      SupplyLoss{Watts{0.25}, Watts{0.01}, Watts{0.5}, Watts{0.02}, Watts{1.3}, Watts{5.6}, "wall", "then"};
  const Profile profile = profile_of(run, "forward");
  EXPECT_THAT(profile.notes,
              Contains(HasSubstr("It was found from 2 to 6 W; beyond, the line is carried on")));
  EXPECT_THAT(profile.notes, Contains(HasSubstr("0.25 +- 0.01 W were lost or drawn beside it")));
  EXPECT_EQ(profile.rails[0].inference.value,
            profile_of(read_wrongly(), "forward").rails[0].inference.value);  // it is in no figure
}

}  // namespace
}  // namespace layerwatt
