// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/decoupling.h"

#include <gtest/gtest.h>

#include <random>

namespace layerwatt::forward {
namespace {

constexpr std::size_t layers = 12, first = layers + 1;  // one column for idle, then one of the window

// Layers that alternate, each reading a mixture of two of them. The last column stands for the derivative by
// a tail: what a reading gains from the layer before the two. `window` of it is really there.
NormalEquations observe(std::size_t rows, double noise, double window) {
  std::mt19937_64 random{7};
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> unit{0, 1};
  const auto power = [](std::size_t column) { return column % 2 == 0 ? 7.0 : 3.0; };
  Accumulator sums{layers, first + 1, rows, 30};
  for (std::size_t k = 0; k < rows; ++k) {
    const std::size_t one = 1 + random() % (layers - 1);
    const double share = unit(random), slope = power(one - 1) - power(one);
    const Row row{{static_cast<std::uint32_t>(one), share},
                  {static_cast<std::uint32_t>(one + 1), 1 - share},
                  {static_cast<std::uint32_t>(first), slope * share}};
    sums.add(row, share * power(one) + (1 - share) * power(one + 1) + window * slope * share +
                      noise * normal(random));
  }
  return sums.finish();
}

double window_of(const Fit& fit) { return fit.power[static_cast<Eigen::Index>(first)]; }

// Powers are drawn to each other by noise of 6 W in 200 readings; the window's step is what it would be if
// they were not.
TEST(Decoupling, LeavesTheWindowToWhatNoPowersExplain) {
  const NormalEquations equations = observe(200, 6, 0.1);
  const Decoupling decoupling{equations, first};
  Eigen::MatrixXd gram = equations.gram_sum;
  gram.diagonal().array() += 1e-9;  // layer 0 is in no reading
  const Eigen::VectorXd alone = gram.llt().solve(equations.moment_sum);
  const Fit together = shrink(equations), apart = decoupling.undone(shrink(decoupling.applied(equations)));
  EXPECT_NEAR(window_of(apart), alone[static_cast<Eigen::Index>(first)], 1e-4);
  EXPECT_GT(std::abs(window_of(together) - window_of(apart)), 0.02);
}

// Nothing is drawn anywhere: both are the same fit.
TEST(Decoupling, ChangesNothingWhereReadingsSayAll) {
  const NormalEquations equations = observe(20'000, 0.01, 0.1);
  const Decoupling decoupling{equations, first};
  const Fit together = shrink(equations), apart = decoupling.undone(shrink(decoupling.applied(equations)));
  EXPECT_NEAR(window_of(apart), 0.1, 0.001);
  for (Eigen::Index c = 1; c < apart.power.size(); ++c) {
    EXPECT_NEAR(apart.power[c], together.power[c], 1e-4);
    EXPECT_NEAR(apart.covariance(c, c), together.covariance(c, c), 0.05 * together.covariance(c, c));
  }
}

TEST(Decoupling, LeavesFewReadingsAndFitsWithoutAWindowAsTheyAre) {
  const NormalEquations few = observe(4 * first - 1, 1, 0);
  EXPECT_EQ((Decoupling{few, first}.applied(few).gram_sum), few.gram_sum);
  const NormalEquations many = observe(2000, 1, 0);
  const Decoupling no_window{many, first + 1};
  EXPECT_EQ(no_window.applied(many).gram_sum, many.gram_sum);
  const Fit fit = shrink(many);
  EXPECT_EQ(no_window.undone(fit).power, fit.power);
}

}  // namespace
}  // namespace layerwatt::forward
