// SPDX-License-Identifier: Apache-2.0
#include "simulation/background.h"

#include <gtest/gtest.h>

#include <cmath>

namespace layerwatt::simulation {
namespace {

// 20 s in steps of 0.1 ms with a correlation time of 3 ms. An OU process has 20 s / 3 ms = 6667 independent
// squares (their correlation time is half): the variance is known to sqrt(2 / 6667) = 1.7 %, the
// autocorrelation to about as much. Five of these.
TEST(Background, WandersWithTheAskedDeviationAndCorrelation) {
  BackgroundSettings settings;
  settings.deviation = Watts{0.08};
  settings.correlation = Moment{3e6};
  Background background{settings, {5, "background"}};
  constexpr int n = 200'000, lag = 10;
  std::vector<double> x;
  for (int i = 0; i < n; ++i) x.push_back(background.next().value() / 0.08);
  double squares = 0, products = 0;
  for (int i = lag; i < n; ++i) {
    squares += x[static_cast<std::size_t>(i)] * x[static_cast<std::size_t>(i)];
    products += x[static_cast<std::size_t>(i)] * x[static_cast<std::size_t>(i - lag)];
  }
  EXPECT_NEAR(squares / n, 1, 5 * 0.017);
  EXPECT_NEAR(products / squares, std::exp(-1.0 / 3), 5 * 0.017);
}

// 2 bursts a second of 5 ms for 100 s: 200 bursts, 7 % standard error. A burst in a burst adds only the time
// by which it outlasts it, which is less than rate x length = 1 % of the mean.
TEST(Background, BurstsAddTheirShareOfTime) {
  BackgroundSettings settings;
  settings.bursts_per_second = 2;
  Background background{settings, {6, "background"}};
  double sum = 0;
  for (int i = 0; i < 1'000'000; ++i) sum += background.next().value();
  EXPECT_NEAR(sum / 1e6, 0.6 * 2 * 0.005, 0.006 * (5 * 0.07 + 0.01));
}

TEST(Background, IsNothingWhenNothingIsAsked) {
  Background background{{}, {7, "background"}};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(background.next(), Watts{});
}

}  // namespace
}  // namespace layerwatt::simulation
