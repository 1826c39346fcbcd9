// SPDX-License-Identifier: Apache-2.0
#include "timeline/rail_calibration.h"

#include <gtest/gtest.h>

#include <limits>

namespace layerwatt {
namespace {

// Reads 1.04 of each watt, and 60 mW of none.
RailCalibration made() {
  RailCalibration line;
  line.gain = 1.04;
  line.at = Watts{6};
  line.reads = Watts{0.06 + 1.04 * 6};
  line.from = Watts{2};
  line.to = Watts{10};
  return line;
}

TEST(RailCalibration, GivesThePowerBehindAReadingAndWhatIsReadOfNone) {
  EXPECT_NEAR(made().power(Watts{0.06 + 1.04 * 3}).value(), 3, 1e-12);
  EXPECT_NEAR(made().power(Watts{0.06}).value(), 0, 1e-12);
  EXPECT_NEAR(made().offset().value(), 0.06, 1e-12);
}

TEST(RailCalibration, OneThatCanBeUsedHasNoFault) {
  EXPECT_FALSE(fault_of(made()));
  EXPECT_FALSE(fault_of(SupplyLoss{}));
}

TEST(RailCalibration, NumbersThatCannotBeAreFaults) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  for (const double gain : {-1.04, 0.0, 0.49, 2.01, infinite, std::numeric_limits<double>::quiet_NaN()}) {
    RailCalibration line = made();
    line.gain = gain;
    EXPECT_TRUE(fault_of(line)) << gain;
  }
  for (Watts RailCalibration::*value :
       {&RailCalibration::at, &RailCalibration::reads, &RailCalibration::to}) {
    RailCalibration line = made();
    line.*value = Watts{infinite};
    EXPECT_TRUE(fault_of(line));
  }
  RailCalibration narrow = made();
  narrow.to = narrow.from;
  EXPECT_TRUE(fault_of(narrow));
  RailCalibration wrong_meter = made();
  wrong_meter.meter_accuracy = {0.001, Watts{-1}};
  EXPECT_TRUE(fault_of(wrong_meter));
  SupplyLoss loss;
  loss.idle_half_width = Watts{-1};
  EXPECT_TRUE(fault_of(loss));
}

}  // namespace
}  // namespace layerwatt
