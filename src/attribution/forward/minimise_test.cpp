// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/minimise.h"

#include <gtest/gtest.h>

namespace layerwatt::forward {
namespace {

TEST(MinimumBetween, FindsTheLowestPoint) {
  EXPECT_NEAR(minimum_between([](double x) { return (x - 1.3) * (x - 1.3); }, -4, 9, 1e-4), 1.3, 1e-4);
  EXPECT_NEAR(minimum_between([](double x) { return -x; }, 0, 1, 1e-4), 1, 1e-4);
}

TEST(SimplexMinimum, WalksDownACurvedValley) {
  const auto rosenbrock = [](const Eigen::VectorXd& x) {
    return 100 * std::pow(x[1] - x[0] * x[0], 2) + std::pow(1 - x[0], 2);
  };
  Simplex simplex;
  simplex.start = Eigen::Vector2d{-1.2, 1};
  simplex.step = Eigen::Vector2d{0.3, 0.3};
  simplex.tolerance = 1e-12;
  simplex.most_evaluations = 600;
  const Eigen::VectorXd found = simplex_minimum(rosenbrock, simplex);
  EXPECT_NEAR(found[0], 1, 1e-3);
  EXPECT_NEAR(found[1], 1, 1e-3);
}

}  // namespace
}  // namespace layerwatt::forward
