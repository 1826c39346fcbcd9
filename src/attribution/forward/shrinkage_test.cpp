// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/shrinkage.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace layerwatt::forward {
namespace {

// Readings that each see two neighbouring of `layers` columns, last column idle, with white noise.
NormalEquations observe(const std::vector<double>& power, std::size_t rows, double noise, unsigned seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> unit{0, 1};
  const std::size_t columns = power.size();
  Accumulator sums{columns - 1, columns, rows, 40};
  for (std::size_t k = 0; k < rows; ++k) {
    const auto first = static_cast<std::uint32_t>(random() % columns);
    const auto second = static_cast<std::uint32_t>((first + 1) % columns);
    const double share = unit(random);
    sums.add({{first, share}, {second, 1 - share}},
             share * power[first] + (1 - share) * power[second] + noise * normal(random));
  }
  return sums.finish();
}

std::vector<double> varied(std::size_t columns, unsigned seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  std::vector<double> power;
  for (std::size_t i = 0; i < columns; ++i) power.push_back(5 + 1.5 * normal(random));
  return power;
}

// Each column is in 2/21 of 40 000 rows with mean squared share 1/3: sd of a power ~ 0.3 / sqrt(40000 * 2/21
// / 3) = 8 mW for independent columns; neighbours are correlated, which widens it by less than 2. 6 sd at 2 x
// 8 mW = 0.1 W.
TEST(Shrinkage, RecoversPowersFromManyReadings) {
  const std::vector<double> power = varied(21, 1);
  const Fit fit = shrink(observe(power, 40'000, 0.3, 2));
  for (std::size_t i = 0; i < power.size(); ++i)
    EXPECT_NEAR(fit.power[static_cast<Eigen::Index>(i)], power[i], 0.1);
  EXPECT_NEAR(fit.noise_variance, 0.09, 0.09 * 6 * std::sqrt(2.0 / 40'000));
}

TEST(Shrinkage, IntervalsCoverAtTheirNominalRate) {
  int covered = 0, all = 0;
  for (unsigned seed = 0; seed < 40; ++seed) {
    const std::vector<double> power = varied(21, 100 + seed);
    const Fit fit = shrink(observe(power, 600, 0.3, 200 + seed));
    for (Eigen::Index i = 0; i < 20; ++i) {
      covered += std::abs(fit.power[i] - power[static_cast<std::size_t>(i)]) <
                 1.96 * std::sqrt(fit.covariance(i, i));
      ++all;
    }
  }
  // 800 cases at 95 %: the binomial sd is 0.8 %; neighbours are correlated, so allow 4 of them.
  EXPECT_NEAR(static_cast<double>(covered) / all, 0.96, 0.032);
}

TEST(Shrinkage, FlatNetworksAreFoundToBeFlat) {
  const std::vector<double> power(21, 5.0);
  double shrunk = 0, plain = 0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    const NormalEquations e = observe(power, 300, 0.3, 500 + seed);
    const Eigen::VectorXd least_squares = e.gram_sum.ldlt().solve(e.moment_sum);
    shrunk += (shrink(e).power.head(20).array() - 5).square().sum();
    plain += (least_squares.head(20).array() - 5).square().sum();
  }
  // Where all are alike, shrinking must take at least three quarters of the squared error away.
  EXPECT_LT(shrunk, 0.25 * plain);
}

TEST(Shrinkage, AnOutstandingLayerKeepsItsPower) {
  std::vector<double> power(21, 5.0);
  power[7] = 8;
  const Fit fit = shrink(observe(power, 2000, 0.3, 6));
  EXPECT_NEAR(fit.power[7], 8, 6 * 0.3 / std::sqrt(2000 * 2.0 / 21 / 3) * 2);
}

TEST(Shrinkage, TotalEnergyIsKept) {
  const std::vector<double> power = varied(21, 9);
  const NormalEquations e = observe(power, 500, 0.3, 10);
  const Fit fit = shrink(e);
  // Rows sum to 1, so the sum of all fitted readings is 1' G p, and that of the readings 1' c.
  EXPECT_NEAR((e.gram_sum * fit.power).sum() / e.moment_sum.sum(), 1, 1e-6);
}

TEST(Misfit, IsLowestForTheKernelThatMadeTheReadings) {
  std::mt19937_64 random{11};
  std::normal_distribution<double> normal;
  Segments segments;
  segments.columns = 6;
  const double power[]{6, 2, 5, 7, 3, 1.8};
  double t = 0;
  for (int r = 0; r < 400; ++r)
    for (std::uint32_t l = 0; l < 6; ++l) {
      segments.knot_us.push_back(t);
      segments.column.push_back(l);
      t += 150 + 40 * normal(random) * (l == 5) + 30 * l;
    }
  segments.knot_us.push_back(t);
  const auto observe_with = [&](double lag, std::vector<double>* readings) {
    const Box box{lag, 332};
    const Kernel kernel{{&box, 1}};
    RowMaker rows{segments};
    Accumulator sums{5, 6, 2000, 1};
    Row row;
    std::size_t k = 0;
    for (double stamp = 5000; stamp < t - 5000; stamp += 163.7) {
      if (!rows.make(stamp, kernel, row)) continue;
      if (readings->size() == k) {
        double reading = 0.05 * normal(random);
        for (const auto& [column, share] : row) reading += share * power[column];
        readings->push_back(reading);
      }
      sums.add(row, (*readings)[k++]);
    }
    return misfit_of(sums.finish(), likeness_precision(5));
  };
  std::vector<double> readings;
  const double right = observe_with(700, &readings);
  for (const double wrong : {400.0, 600.0, 680.0, 720.0, 1000.0})
    EXPECT_GT(observe_with(wrong, &readings), right) << wrong;
}

}  // namespace
}  // namespace layerwatt::forward
