// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/whitening.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace layerwatt::forward {
namespace {

double correlation(const std::vector<double>& x, std::size_t lag) {
  double zero = 0, at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) zero += x[i] * x[i];
  for (std::size_t i = lag; i < x.size(); ++i) at += x[i] * x[i - lag];
  return at / zero;
}

// A correlation of n independent values has sd 1 / sqrt(n); 5 of them.
double bound(std::size_t n) { return 5 / std::sqrt(static_cast<double>(n)); }

TEST(AutoregressiveFilter, MakesSlowFluctuationsWhite) {
  std::mt19937_64 random{1};
  std::normal_distribution<double> normal;
  std::vector<double> error(20'000);
  std::vector<std::int64_t> index(error.size());
  for (std::size_t k = 0; k < error.size(); ++k) {
    index[k] = static_cast<std::int64_t>(k);
    error[k] = normal(random) + (k > 0 ? 0.7 * error[k - 1] : 0);
  }
  const std::vector<double> coefficients = autoregression_of(error, index, 3);
  EXPECT_NEAR(coefficients[0], 0.7, 5 * std::sqrt(0.51 / 20'000));
  AutoregressiveFilter filter{coefficients, 1};
  std::vector<double> white;
  for (std::size_t k = 0; k < error.size(); ++k) {
    Row row{{0, 1.0}};
    double value = error[k];
    if (filter.next(index[k], row, value)) white.push_back(value);
  }
  EXPECT_EQ(white.size(), error.size() - 3);
  for (const std::size_t lag : {1U, 2U, 5U})
    EXPECT_LT(std::abs(correlation(white, lag)), bound(white.size()));
}

TEST(AutoregressiveFilter, StartsAnewAfterAMissingReading) {
  AutoregressiveFilter filter{{0.5}, 2};
  Row row{{0, 1.0}};
  double value = 1;
  EXPECT_FALSE(filter.next(0, row, value));
  row = {{1, 1.0}};
  value = 3;
  EXPECT_TRUE(filter.next(1, row, value));
  EXPECT_DOUBLE_EQ(value, 2.5);
  ASSERT_EQ(row.size(), 2u);
  row = {{0, 1.0}};
  EXPECT_FALSE(filter.next(4, row, value));
}

struct Differences {
  std::vector<double> value, decay;
  std::vector<char> first;
};

// Readings of constant power: rounding errors of variance `rounding` and fresh errors of variance `rest`.
Differences differences(double rounding, double rest, std::size_t n) {
  std::mt19937_64 random{2};
  std::normal_distribution<double> normal;
  Differences d;
  double before = std::sqrt(rounding) * normal(random);
  for (std::size_t k = 0; k < n; ++k) {
    const double decay = 1 - 1.0 / 64, now = std::sqrt(rounding) * normal(random);
    d.value.push_back(now - decay * before + std::sqrt(rest) * normal(random));
    d.decay.push_back(decay);
    d.first.push_back(k == 0);
    before = now;
  }
  return d;
}

TEST(RoundingFilter, MakesRoundingErrorsOfAnAverageWhiteWithUnitVariance) {
  for (const double rest : {1e-6, 1e-4, 1e-2}) {
    const Differences d = differences(1e-4, rest, 20'000);
    RoundingFilter filter{1e-4, rest, 0};
    std::vector<double> white;
    for (std::size_t k = 0; k < d.value.size(); ++k) {
      Row none;
      double value = d.value[k];
      filter.next(d.first[k] != 0, d.decay[k], none, value);
      white.push_back(value);
    }
    double variance = 0;
    for (const double one : white) variance += one * one / static_cast<double>(white.size());
    EXPECT_NEAR(variance, 1, 5 * std::sqrt(2.0 / 20'000)) << rest;
    for (const std::size_t lag : {1U, 2U, 7U})
      EXPECT_LT(std::abs(correlation(white, lag)), bound(white.size()));
  }
}

TEST(RoundingFilter, TheRestIsFoundByLikelihood) {
  const Differences d = differences(1e-4, 3e-4, 20'000);
  // The information on log(rest) is about n/2 where rest is not small; sd about 2 x sqrt(2 / n) = 2 %.
  EXPECT_NEAR(rest_variance_of(d.value, d.decay, d.first, 1e-4) / 3e-4, 1, 0.1);
}

TEST(RoundingFilter, RowsPassThroughTheSameFilterAsReadings) {
  RoundingFilter filter{1e-4, 1e-5, 2};
  const double power[]{3, 7};
  for (int k = 0; k < 50; ++k) {
    const double share = 0.1 * (k % 7);
    Row row{{0, share}, {1, 1 - share}};
    double value = share * power[0] + (1 - share) * power[1];
    filter.next(k == 0 || k == 20, 0.98, row, value);
    double predicted = 0;
    for (const auto& [column, x] : row) predicted += x * power[column];
    EXPECT_NEAR(predicted, value, 1e-6 * std::abs(value));
  }
}

}  // namespace
}  // namespace layerwatt::forward
