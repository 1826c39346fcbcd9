// SPDX-License-Identifier: Apache-2.0
// Makes the errors of successive readings independent of each other, so that least squares weighs them right:
// the same linear filter on readings and rows. Streams; keeps a few rows only.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "attribution/forward/segments.h"

namespace layerwatt::forward {

// Sums of rows with factors, each column once.
class RowSum {
 public:
  explicit RowSum(std::size_t columns) : sum_(columns, 0), seen_(columns, false) {}
  void add(const Row& row, double factor);
  void take(Row& row);  // and begin anew

 private:
  std::vector<double> sum_;
  std::vector<bool> seen_;
  std::vector<std::uint32_t> columns_;
};

// Errors that follow e_k = sum_i c_i e_{k-i} + white, as slow fluctuations of power make them.
class AutoregressiveFilter {
 public:
  AutoregressiveFilter(std::vector<double> coefficients, std::size_t columns)
      : coefficients_{std::move(coefficients)}, sum_{columns} {}
  // False where fewer consecutive readings stand before this one than there are coefficients.
  bool next(std::int64_t index, Row& row, double& value);

 private:
  struct Past {
    std::int64_t index;
    Row row;
    double value;
  };
  std::vector<double> coefficients_;
  std::deque<Past> past_;  // newest first
  RowSum sum_;
};

// Coefficients of order p by Yule-Walker, from residuals with their indices (only consecutive ones count).
std::vector<double> autoregression_of(std::span<const double> residuals, std::span<const std::int64_t> index,
                                      std::size_t order);

// Differences of an exponential average, y_k - d_k y_{k-1}, carry the rounding error of two readings:
// e_k - d_k e_{k-1} + x_k, e white with the variance of a quantum, x white. Exact innovations, scaled to unit
// variance, by a Kalman filter for e.
class RoundingFilter {
 public:
  RoundingFilter(double rounding_variance, double rest_variance, std::size_t columns)
      : rounding_{rounding_variance}, rest_{rest_variance}, row_(columns, 0) {}
  // `first`: the reading before is not there (start, or after a gap). `decay`: d_k. Unscaled differences in,
  // whitened out.
  void next(bool first, double decay, Row& row, double& value);
  [[nodiscard]] double innovation_variance() const { return variance_; }

 private:
  double rounding_, rest_;
  double posterior_ = 0;  // variance of e_{k-1} given all before
  double variance_ = 1;   // S_k
  double value_ = 0;      // v_{k-1}
  std::vector<double> row_;
};

// The rest variance under which the residuals of such differences are likeliest.
double rest_variance_of(std::span<const double> residuals, std::span<const double> decay,
                        std::span<const char> first, double rounding_variance);

}  // namespace layerwatt::forward
