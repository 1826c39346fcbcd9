// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/voltage_steps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace layerwatt::forward {
namespace {

// Currents in steps of 8 mA, walking by at most one step; volts of one of two codes of 8 mV.
std::vector<double> product(std::size_t count, bool flips, double* mean) {
  std::mt19937_64 random{1};
  std::vector<double> values;
  int current = 125;
  *mean = 0;
  for (std::size_t i = 0; i < count; ++i) {
    current += static_cast<int>(random() % 3) - 1;
    current += current < 115 ? 1 : current > 135 ? -1 : 0;
    const double volts = flips && (i / 7) % 2 == 1 ? 4.968 : 4.976;
    values.push_back(0.008 * current * volts);
    *mean += values.back() / static_cast<double>(count);
  }
  return values;
}

// 8 mV of 4.976 V is 0.16 %: at 125 steps, 0.2 steps. Afterwards all changes are whole steps of 39.78 mW, but
// for what the mean over 2001 readings moves: 7 readings of 2001, of 8 mW.
TEST(VoltageSteps, FlipsBecomeTheirMean) {
  double mean = 0, after = 0;
  std::vector<double> values = product(20'000, true, &mean);
  EXPECT_NEAR(static_cast<double>(smooth_voltage_steps(values, 0.04, 1000)), 20'000.0 / 7, 30);
  const double step = 0.008 * 4.972;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double steps = (values[i] - values[i - 1]) / step;
    EXPECT_NEAR(steps, std::round(steps), 0.02) << i;
    after += values[i] / static_cast<double>(values.size());
  }
  EXPECT_NEAR(after, mean, 1e-3);
}

TEST(VoltageSteps, LeavesReadingsWithoutFlipsAsTheyAre) {
  double mean = 0;
  std::vector<double> values = product(5000, false, &mean);
  const std::vector<double> before = values;
  EXPECT_EQ(smooth_voltage_steps(values, 0.04, 1000), 0U);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], before[i], 1e-12);
}

TEST(VoltageSteps, LeavesReadingsAloneThatComeInNoSteps) {
  std::mt19937_64 random{2};
  std::normal_distribution<double> normal{5, 0.03};
  std::vector<double> values;
  for (int i = 0; i < 5000; ++i) values.push_back(normal(random));
  const std::vector<double> before = values;
  EXPECT_EQ(smooth_voltage_steps(values, 0.04, 100), 0U);
  EXPECT_EQ(values, before);
  std::vector<double> none;
  EXPECT_EQ(smooth_voltage_steps(none, 0.04, 100), 0U);
}

}  // namespace
}  // namespace layerwatt::forward
