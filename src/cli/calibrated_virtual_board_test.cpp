// SPDX-License-Identifier: Apache-2.0
// From a switched load to what is found: what the board's file and the seed made of a virtual chip is found
// again from readings alone, and of a power that stands still nothing is.
#include <gtest/gtest.h>

#include "boards/virtual_board.h"
#include "calibration/step_response.h"
#include "cli/load_steps.h"
#include "cli/meter_reports.h"
#include "session/switched_load.h"
#include "session/testing/silent.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

TEST(CalibratedVirtualBoard, TellsItsLagAndItsAverage) {
  SwitchedLoadOptions options;
  options.sensor = "virtual:jetson-nano";
  Silent progress;
  const auto load = read_under_load(Machine::host(), options, switching_plan(20s, 1), progress);
  ASSERT_TRUE(load) << load.error().detail;
  const auto instrument =
      VirtualInstrument::create(*board_named("jetson-nano"), {}, {}, options.seed, Instant{}, {});
  ASSERT_TRUE(instrument);
  const VirtualTiming planted = instrument->timing();
  for (const RailRecord& rail : load->rails) {
    const auto found = step_response(rail, steps_of(load->on, load->from), load->from, load->to);
    ASSERT_TRUE(found) << rail.channel.rail;
    EXPECT_NEAR(seconds(found->time_constant), seconds(planted.time_constant),
                seconds(found->time_constant_half_width))
        << rail.channel.rail;
    // Both together are how old the power is on average.
    EXPECT_NEAR(seconds(found->lag), seconds(planted.lag - planted.time_constant),
                seconds(found->lag_half_width))
        << rail.channel.rail;
    EXPECT_EQ(agrees(*found, rail.channel), true);
  }
}

TEST(CalibratedVirtualBoard, IsLaterThanAPerfectMeterByItsOwnLag) {
  MeteredOptions options;
  options.sensor = "virtual:jetson-nano";
  options.meter = "virtual";
  options.stretch = 200ms;
  options.rounds = 3;
  options.switching = switching_plan(20s, 1);
  Silent progress;
  const auto run = read_beside_meter(Machine::host(), options, progress);
  ASSERT_TRUE(run) << run.error().detail;
  const auto found = meter_from(*run, "POM_5V_IN");
  ASSERT_TRUE(found && found->rails[0].later_s);
  // The load is switched on an instrument of the same seed.
  const auto instrument =
      VirtualInstrument::create(*board_named("jetson-nano"), {}, {}, options.seed, Instant{}, {});
  const VirtualTiming planted = instrument->timing();
  const Interval& later = *found->rails[0].later_s;
  EXPECT_NEAR(later.value, seconds(planted.lag - planted.time_constant), later.half_width);
  EXPECT_LT(later.half_width, 1e-3);
}

TEST(CalibratedVirtualBoard, OfARecordedPowerThatStandsStillNothingIsSaid) {
  SwitchedLoadOptions options;
  options.sensor = "ina3221";
  Silent progress;
  const auto load = read_under_load(Machine{LAYERWATT_FIXTURES "/boards/jetson-nano-l4t32", system_clock()},
                                    options, std::vector<Nanoseconds>(40, 10ms), progress);
  ASSERT_TRUE(load) << load.error().detail;
  EXPECT_FALSE(step_response(load->rails[0], steps_of(load->on, load->from), load->from, load->to));
}

}  // namespace
}  // namespace layerwatt
