// SPDX-License-Identifier: Apache-2.0
#include "simulation/portable_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace layerwatt::simulation {
namespace {

// Against the C library, which is good to 1 ulp: tolerances are the errors the header promises plus that ulp.
TEST(PortableMath, ExponentialAgreesWithTheLibrary) {
  for (double x = -690; x < 690; x += 0.37) EXPECT_NEAR(portable_exp(x) / std::exp(x), 1, 1.3e-15) << x;
  EXPECT_EQ(portable_exp(0), 1);
}

TEST(PortableMath, LogarithmAgreesWithTheLibrary) {
  for (double x = 1e-300; x < 1e300; x *= 1.7) EXPECT_NEAR(portable_log(x) / std::log(x), 1, 1e-15) << x;
  for (double x = 0.5; x < 2; x += 0.001) EXPECT_NEAR(portable_log(x), std::log(x), 1.2e-15) << x;
}

TEST(PortableMath, SineAgreesWithTheLibrary) {
  for (double x = -3; x < 3; x += 0.0071)
    EXPECT_NEAR(portable_sine(x), std::sin(2 * std::numbers::pi * x), 2e-12) << x;
}

TEST(PortableMath, NormalQuantileInvertsTheDistribution) {
  // P(X < x) by the library's erfc; its relative error of a few ulp times p / density bounds the difference.
  for (const double p : {1e-300, 1e-17, 1e-9, 1e-4, 0.02, 0.0749, 0.0751, 0.3, 0.5, 0.8, 0.9251, 0.999}) {
    const double x = normal_quantile(p);
    EXPECT_NEAR(0.5 * std::erfc(-x / std::numbers::sqrt2) / p, 1, 1e-12) << p;
  }
}

}  // namespace
}  // namespace layerwatt::simulation
