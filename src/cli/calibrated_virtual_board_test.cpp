// SPDX-License-Identifier: Apache-2.0
// From a switched load to what is found: what the board's file and the seed made of a virtual chip is found
// again from readings alone, and of a power that stands still nothing is.
#include <gtest/gtest.h>

#include "boards/virtual_board.h"
#include "calibration/step_response.h"
#include "session/switched_load.h"
#include "session/testing/silent.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

std::vector<LoadStep> steps_of(const SwitchedLoad& load) {
  std::vector<LoadStep> steps{{load.from - 1ms, false}};
  for (const auto& [from, to] : load.on) steps.insert(steps.end(), {{from, true}, {to, false}});
  return steps;
}

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
    const auto found = step_response(rail, steps_of(*load), load->from, load->to);
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

TEST(CalibratedVirtualBoard, OfARecordedPowerThatStandsStillNothingIsSaid) {
  SwitchedLoadOptions options;
  options.sensor = "ina3221";
  Silent progress;
  const auto load = read_under_load(Machine{LAYERWATT_FIXTURES "/boards/jetson-nano-l4t32", system_clock()},
                                    options, std::vector<Nanoseconds>(40, 10ms), progress);
  ASSERT_TRUE(load) << load.error().detail;
  EXPECT_FALSE(step_response(load->rails[0], steps_of(*load), load->from, load->to));
}

}  // namespace
}  // namespace layerwatt
