// SPDX-License-Identifier: Apache-2.0
#include "attribution/phase_lock.h"

#include <gtest/gtest.h>

#include <vector>

namespace layerwatt {
namespace {

std::vector<double> grid(double step, int count, double first = 0) {
  std::vector<double> at;
  for (int i = 0; i < count; ++i) at.push_back(first + step * i);
  return at;
}

TEST(PhaseLock, SeesInferencesThatAlwaysBeginAtOnePhase) {
  const PhaseLock lock = phase_lock(grid(12'000, 100, 300), grid(1000, 1300));
  EXPECT_NEAR(lock.strength, 1, 1e-9);
  EXPECT_NEAR(lock.largest_gap, 1, 1e-9);
  EXPECT_TRUE(is_locked(lock, 0.2));
}

// Steps of 12.37 cycles visit 100 evenly spread phases: their mean vanishes, the gaps are 1 / 100.
TEST(PhaseLock, IsWeakWhereBeginningsSpreadEvenly) {
  const PhaseLock lock = phase_lock(grid(12'370, 100, 300), grid(1000, 1300));
  EXPECT_NEAR(lock.strength, 0, 1e-6);
  EXPECT_NEAR(lock.largest_gap, 0.01, 1e-6);
  EXPECT_FALSE(is_locked(lock, 0.2));
}

// Two opposite phases cancel in the mean: the sensor is then locked at its second harmonic, which leaves a
// gap of half the cycle but no strength; only both together count.
TEST(PhaseLock, NeedsBothStrengthAndAGap) {
  const PhaseLock lock = phase_lock(grid(12'500, 100, 300), grid(1000, 1300));
  EXPECT_NEAR(lock.strength, 0, 1e-6);
  EXPECT_NEAR(lock.largest_gap, 0.5, 1e-6);
  EXPECT_FALSE(is_locked({0.5, 0.05, 1000}, 0.01));
}

// Ten phases at random leave a gap of 0.3 easily; a thousand do not.
TEST(PhaseLock, AllowsForChanceWhereInferencesAreFew) {
  EXPECT_FALSE(is_locked({0.5, 0.5, 10}, 0.2));
  EXPECT_TRUE(is_locked({0.5, 0.5, 1000}, 0.2));
}

TEST(PhaseLock, SaysNothingOfTooLittle) {
  EXPECT_EQ(phase_lock({}, {}).strength, 0);
  EXPECT_EQ(phase_lock(grid(1000, 5), grid(1, 1)).strength, 0);
}

}  // namespace
}  // namespace layerwatt
