// SPDX-License-Identifier: Apache-2.0
#include "session/virtual_metered_run.h"

#include <gtest/gtest.h>

#include "boards/virtual_settings.h"
#include "session/testing/silent.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

Result<MeteredRun> run(const char* sensor) {
  MeteredOptions options;
  options.sensor = sensor;
  options.meter = virtual_meter;
  options.stretch = 500ms;
  options.rounds = 2;
  Silent progress;
  return read_beside_meter(Machine::host(), options, progress);
}

double mean_by_meter(const RailRecord& meter, const BusyStretch& time) {
  Joules first{}, last{};
  for (const Reading& reading : meter.readings) {
    if (reading.before <= time.from) first = std::get<Joules>(reading.value);
    if (reading.before <= time.to) last = std::get<Joules>(reading.value);
  }
  return (last - first).value() / seconds(time.to - time.from);
}

TEST(VirtualMeteredRun, TheMeterCountsTheTruePowerWhateverTheSensorIsWrongBy) {
  const auto right = run("virtual:jetson-nano"), wrong = run("virtual:jetson-nano,shunt_error=5%");
  ASSERT_TRUE(right && wrong);
  ASSERT_EQ(right->parts.size(), 6U);
  for (std::size_t r = 0; r < right->meter.size(); ++r)
    EXPECT_TRUE(right->meter[r].readings == wrong->meter[r].readings);
  EXPECT_FALSE(right->rails[0].readings == wrong->rails[0].readings);
}

TEST(VirtualMeteredRun, ALoadShowsOnTheMeterAndUnsampledStretchesHaveNoReadings) {
  const auto measured = run("virtual:jetson-nano");
  ASSERT_TRUE(measured) << measured.error().detail;
  for (const MeteredRun::Part& part : measured->parts) {
    const double mean = mean_by_meter(measured->meter[0], part.time);
    // The board's file: 1.25 W idle in all, and no less than 4 W more when its layer works.
    EXPECT_EQ(mean > 3, part.loaded) << mean;
    std::size_t inside = 0;
    for (const Reading& reading : measured->rails[0].readings)
      inside += reading.before >= part.time.from && reading.before < part.time.to;
    EXPECT_EQ(inside > 0, part.sampled);
  }
}

TEST(VirtualMeteredRun, IsTheOnlyMeterOfAVirtualBoardAndOfNoOther) {
  MeteredOptions options;
  options.sensor = "virtual:jetson-nano";
  options.meter = "csv:-";
  Silent progress;
  EXPECT_EQ(read_beside_meter(Machine::host(), options, progress).error().code, Errc::unsupported);
  options.sensor = "ina3221";
  options.meter = virtual_meter;
  EXPECT_FALSE(read_beside_meter(Machine{LAYERWATT_FIXTURES "/boards/jetson-nano-l4t32", system_clock()},
                                 options, progress));
}

}  // namespace
}  // namespace layerwatt
