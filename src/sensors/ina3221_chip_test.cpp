// SPDX-License-Identifier: Apache-2.0
#include "sensors/ina3221_chip.h"

#include <gtest/gtest.h>

namespace layerwatt::ina3221 {
namespace {

using namespace std::chrono_literals;

TEST(Ina3221Chip, ResetConfigurationConvertsIn1100Microseconds) {
  EXPECT_EQ(conversion_time(3, 1, 7), 1100us);  // 6 x 1.1 ms = 6.6 ms, rounded
  EXPECT_EQ(cycle(3, 1100us), 6600us);
}

TEST(Ina3221Chip, FastestModeIsToldFromItsNeighbourByWhatTheDriverWouldWrite) {
  // 6 x 140 us and 6 x 204 us both round to 1 ms; writing 1 ms sets 140 us.
  EXPECT_EQ(conversion_time(3, 1, 1), 140us);
  EXPECT_EQ(conversion_time(1, 1, 0), 140us);
}

TEST(Ina3221Chip, BothWaysOfCountingSamplesAreUnderstood) {
  EXPECT_EQ(conversion_time(3, 64, 54), 140us);    // Linux 5.10: 64 x 0.84 ms
  EXPECT_EQ(conversion_time(3, 1024, 7), 1100us);  // Linux 6.1: one cycle; 1024 would take 860 ms at least
}

TEST(Ina3221Chip, IntervalThatFitsBothWaysOfCountingIsNotKnown) {
  EXPECT_FALSE(conversion_time(3, 16, 13));  // 16 x 6 x 140 us = 13.4 ms; 6 x 2116 us = 12.7 ms
}

TEST(Ina3221Chip, NonsenseIsNotKnown) {
  EXPECT_FALSE(conversion_time(0, 1, 7));
  EXPECT_FALSE(conversion_time(4, 1, 7));
  EXPECT_FALSE(conversion_time(3, 0, 7));
  EXPECT_FALSE(conversion_time(3, -1, 7));
  EXPECT_FALSE(conversion_time(3, 1LL << 62, 7));
  EXPECT_FALSE(conversion_time(3, 1, -7));
  EXPECT_FALSE(conversion_time(3, 1, 1LL << 62));
  EXPECT_FALSE(conversion_time(3, 1, 1000));
}

TEST(Ina3221Chip, QuantumIsOneStepOfShuntVoltage) {
  EXPECT_NEAR(power_quantum(Ohms{0.005}, Volts{5.0}).value(), 0.040, 1e-12);
  EXPECT_NEAR(power_quantum(Ohms{0.002}, Volts{-20.0}).value(), 0.400, 1e-12);
}

TEST(Ina3221Chip, ValuesBeyondTheRegistersAreRefused) {
  EXPECT_DOUBLE_EQ(volts_from_millivolts(-8, "f")->value(), -0.008);
  EXPECT_DOUBLE_EQ(amperes_from_milliamperes(-8, "f")->value(), -0.008);
  EXPECT_DOUBLE_EQ(watts_from_milliwatts(-40, "f")->value(), -0.040);
  EXPECT_EQ(volts_from_millivolts(32'769, "f").error().code, Errc::malformed);
  EXPECT_EQ(volts_from_millivolts(-(1LL << 62), "f").error().code, Errc::malformed);
  EXPECT_EQ(amperes_from_milliamperes(1'000'001, "f").error().code, Errc::malformed);
  EXPECT_EQ(watts_from_milliwatts(1LL << 62, "f").error().where, "f");
}

}  // namespace
}  // namespace layerwatt::ina3221
