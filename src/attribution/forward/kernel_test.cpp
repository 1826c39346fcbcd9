// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/kernel.h"

#include <gtest/gtest.h>

#include <cmath>

namespace layerwatt::forward {
namespace {

TEST(Kernel, OfABoxIsARampOverItsAges) {
  const Box box{100, 332};
  const Kernel kernel{{&box, 1}};
  EXPECT_DOUBLE_EQ(kernel(99), 0);
  EXPECT_NEAR(kernel(100 + 166), 0.5, 1e-12);
  EXPECT_DOUBLE_EQ(kernel(500), 1);
  // Linear interpolation on a 1 us table is exact for a ramp except next to its two corners.
  for (double age = 102; age < 430; age += 7.3) EXPECT_NEAR(kernel(age), (age - 100) / 332, 0.5 / 332);
}

TEST(Kernel, OfTwoBoxesWeighsThem) {
  const Box boxes[]{{0, 140, 3}, {140, 140, 1}};
  const Kernel kernel{boxes};
  EXPECT_NEAR(kernel(140), 0.75, 1e-3);
  EXPECT_NEAR(kernel(210), 0.875, 4e-3);
}

TEST(Kernel, JitterTurnsARampIntoATrapezoidOfTheSameMean) {
  const Box box{0, 100};
  const Kernel kernel{{&box, 1}, 0, 50};
  EXPECT_NEAR(kernel(75), 0.5, 1e-6);         // mean age = 50 + 25
  EXPECT_NEAR(kernel(50), 50.0 / 200, 1e-6);  // 50^2 / (2 * 100 * 50)
  EXPECT_DOUBLE_EQ(kernel(151), 1);
}

// Step response of a first-order tail behind a very short box: 1 - exp(-age / tail).
TEST(Kernel, TailIsExponential) {
  const Box box{0, 1};
  const Kernel kernel{{&box, 1}, 0, 0, 60};
  // A box of 1 us shifts by half a step at most: derivative 1/60 a us.
  for (double age = 5; age < 400; age += 11)
    EXPECT_NEAR(kernel(age), 1 - std::exp(-age / 60), 1.0 / 60) << age;
}

TEST(Trapezoid, IsTheJitteredBoxByFormula) {
  const Box box{40, 300};
  const Kernel table{{&box, 1}, 0, 120};
  const Trapezoid formula{40, 300, 120};
  // The table's slope changes by 1 / (300 x 120) a us^2; linear interpolation over 1 us errs by 1/8 of that.
  for (double age = 0; age < 500; age += 3.7) EXPECT_NEAR(formula(age), table(age), 1e-5) << age;
  EXPECT_DOUBLE_EQ(formula(formula.oldest()), 1);
  EXPECT_DOUBLE_EQ(formula(formula.newest()), 0);
}

TEST(Kernel, IsMonotoneFromZeroToOneAlsoForLongWindows) {
  const Box box{-200, 100'000};
  const Kernel kernel{{&box, 1}, 0, 500, 400};
  double before = 0;
  for (double age = kernel.newest() - 10; age < kernel.oldest() + 10; age += 97) {
    EXPECT_GE(kernel(age), before);
    before = kernel(age);
  }
  EXPECT_DOUBLE_EQ(kernel(kernel.oldest() + 1), 1);
}

}  // namespace
}  // namespace layerwatt::forward
