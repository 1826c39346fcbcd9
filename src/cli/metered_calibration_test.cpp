// SPDX-License-Identifier: Apache-2.0
#include "cli/metered_calibration.h"

#include <gmock/gmock.h>

namespace layerwatt {
namespace {

using ::testing::HasSubstr;

// Two rails beside a meter that saw 2 W and 7 W: the total one reads 1.02 of it and half a watt less, the
// other a third.
MeterFound seen() {
  MeterFound found;
  found.meter.channel.rail = "supply";
  for (const double gain : {1.02, 0.33}) {
    MeterFound::Rail rail;
    rail.rail.sensor = "ina3221";
    rail.rail.channel.rail = gain > 1 ? "VDD_IN" : "VDD_CPU";
    rail.rail.channel.is_total = gain > 1;
    rail.beside.emplace();
    rail.beside->gain = {gain, 0.001};
    rail.beside->middle_w = 4.5;
    rail.beside->level_w = {4.5 * gain - 0.5, 0.01};
    rail.beside->idle_w = 2;
    rail.beside->loaded_w = 7;
    rail.beside->idle_missing_w = {0.46, 0.01};
    rail.later_s = Interval{1.5e-3, 0.1e-3};
    found.rails.push_back(rail);
  }
  return found;
}

MeteredCalibration asked(const char* measures) {
  MeteredCalibration calibration;
  calibration.options.meter = "csv:-";
  calibration.measures = measures;
  calibration.accuracy = MeterAccuracy{0.0005, Watts{2e-3}};
  return calibration;
}

Result<std::vector<StoredCalibration>> kept(const MeterFound& found, const char* measures) {
  MeteredRun run;
  run.circumstances = {{"board.id", "jetson-tx1"}, {"kernel", "4.4"}, {"temperature_c.cpu", "40"}};
  return calibrations_from(found, run, asked(measures), "2026-11-22 04:35 UTC");
}

TEST(MeteredCalibration, OfTheRailThatTheMeterMeasuresTheLineIsKept) {
  const auto all = kept(seen(), "VDD_IN");
  ASSERT_TRUE(all) << all.error().detail;
  ASSERT_EQ(all->size(), 1U);
  const StoredCalibration& one = all->front();
  EXPECT_EQ(one.of.board, "jetson-tx1");
  ASSERT_TRUE(one.line && !one.supply_loss);
  EXPECT_EQ(one.line->gain, 1.02);
  EXPECT_EQ(one.line->meter, "csv:-, rail supply");
  EXPECT_EQ(one.line->made, "2026-11-22 04:35 UTC");
  EXPECT_EQ(one.line->meter_accuracy, (MeterAccuracy{0.0005, Watts{2e-3}}));
  EXPECT_EQ(one.meter_lag->lag, Nanoseconds{1'500'000});
  EXPECT_EQ(one.provenance.at("line.kernel"), "4.4");
  EXPECT_FALSE(one.provenance.contains("line.temperature_c.cpu"));
}

TEST(MeteredCalibration, AtTheSupplyOnlyTheLossBeforeTheTotalRailIs) {
  const auto all = kept(seen(), "");
  ASSERT_TRUE(all) << all.error().detail;
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ(all->front().of.rail, "VDD_IN");
  ASSERT_TRUE(all->front().supply_loss && !all->front().line);
  EXPECT_EQ(all->front().supply_loss->idle.value(), 0.46);
  EXPECT_EQ(all->front().supply_loss->idle_supply.value(), 2);
}

TEST(MeteredCalibration, WhatIsNoSensorsGainIsRefused) {
  const auto all = kept(seen(), "VDD_CPU");
  ASSERT_FALSE(all);
  EXPECT_THAT(all.error().detail, HasSubstr("does the meter measure this very rail"));
}

TEST(MeteredCalibration, CountersAndRailsThatToldNothingAreNotKept) {
  MeterFound counter = seen();
  counter.rails[0].rail.channel.meaning = Meaning::energy_total;
  EXPECT_EQ(kept(counter, "VDD_IN").error().code, Errc::unsupported);
  MeterFound silent = seen();
  silent.rails[0].beside.reset();
  EXPECT_THAT(kept(silent, "VDD_IN").error().detail, HasSubstr("too little was read"));
  EXPECT_THAT(kept(silent, "").error().detail, HasSubstr("--meter-at"));
}

TEST(MeteredCalibration, ReadsWhatAMakerPromises) {
  EXPECT_EQ(*parse_meter_accuracy("0.05%"), (MeterAccuracy{0.0005, Watts{}}));
  const auto both = parse_meter_accuracy("0.1%+2mW");
  ASSERT_TRUE(both);
  EXPECT_DOUBLE_EQ(both->gain, 0.001);
  EXPECT_DOUBLE_EQ(both->offset.value(), 0.002);
  EXPECT_DOUBLE_EQ(parse_meter_accuracy("0%+0.5W")->offset.value(), 0.5);
  for (const char* text :
       {"", "0.05", "2mW", "0.05%+", "0.05%+2", "0.05%+mW", "0.05%+-2mW", "0.05%+2mA", "0.05%+2xW", "-1%"})
    EXPECT_EQ(parse_meter_accuracy(text).error().code, Errc::malformed) << text;
}

}  // namespace
}  // namespace layerwatt
