// SPDX-License-Identifier: Apache-2.0
// Filters on rows and readings; see whitening.h and docs/forward.md.
#include "attribution/forward/whitening.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "attribution/forward/minimise.h"

namespace layerwatt::forward {

void RowSum::add(const Row& row, double factor) {
  for (const auto& [column, share] : row) {
    if (!seen_[column]) {
      seen_[column] = true;
      columns_.push_back(column);
    }
    sum_[column] += factor * share;
  }
}

void RowSum::take(Row& row) {
  row.clear();
  for (const std::uint32_t column : columns_) {
    row.emplace_back(column, sum_[column]);
    sum_[column] = 0;
    seen_[column] = false;
  }
  columns_.clear();
}

bool AutoregressiveFilter::next(std::int64_t index, Row& row, double& value) {
  const std::size_t order = coefficients_.size();
  if (order == 0) return true;
  Past now{index, row, value};
  bool whole = past_.size() >= order;
  for (std::size_t i = 0; whole && i < order; ++i)
    whole = past_[i].index == index - static_cast<std::int64_t>(i) - 1;
  if (whole) {
    sum_.add(row, 1);
    for (std::size_t i = 0; i < order; ++i) {
      sum_.add(past_[i].row, -coefficients_[i]);
      value -= coefficients_[i] * past_[i].value;
    }
    sum_.take(row);
  }
  if (past_.size() == order) past_.pop_back();
  past_.push_front(std::move(now));
  return whole;
}

std::vector<double> autoregression_of(std::span<const double> residuals, std::span<const std::int64_t> index,
                                      std::size_t order) {
  std::vector<double> covariance(order + 1, 0);
  for (std::size_t lag = 0; lag <= order; ++lag) {
    std::size_t pairs = 0;
    for (std::size_t k = lag; k < residuals.size(); ++k) {
      if (index[k] - index[k - lag] != static_cast<std::int64_t>(lag)) continue;
      covariance[lag] += residuals[k] * residuals[k - lag];
      ++pairs;
    }
    if (pairs > 0) covariance[lag] /= static_cast<double>(pairs);
  }
  if (!(covariance[0] > 0)) return {};
  const auto n = static_cast<Eigen::Index>(order);
  Eigen::MatrixXd toeplitz(n, n);
  Eigen::VectorXd right(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    right[i] = covariance[static_cast<std::size_t>(i) + 1];
    for (Eigen::Index j = 0; j < n; ++j)
      toeplitz(i, j) = covariance[static_cast<std::size_t>(std::abs(i - j))];
  }
  toeplitz.diagonal() *= 1.0001;  // keeps a nearly singular system solvable
  const Eigen::VectorXd solved = toeplitz.ldlt().solve(right);
  return {solved.data(), solved.data() + n};
}

void RoundingFilter::next(bool first, double decay, Row& row, double& value) {
  double gain = 0;
  if (first) {
    posterior_ = rounding_;  // of the reading before, which is known by its own rounding only
    std::fill(row_.begin(), row_.end(), 0.0);
    value_ = 0;
    variance_ = rounding_ * (1 + decay * decay) + rest_;
  } else {
    gain = decay * rounding_ / variance_;
    variance_ = rounding_ + decay * decay * posterior_ + rest_;
  }
  posterior_ = rounding_ - rounding_ * rounding_ / variance_;
  value_ = value + gain * value_;
  for (double& share : row_) share *= gain;
  for (const auto& [column, share] : row) row_[column] += share;
  const double scale = 1 / std::sqrt(variance_);
  constexpr double negligible = 1e-9;
  row.clear();
  for (std::size_t i = 0; i < row_.size(); ++i)
    if (std::abs(row_[i]) > negligible) row.emplace_back(static_cast<std::uint32_t>(i), row_[i] * scale);
  value = value_ * scale;
}

double rest_variance_of(std::span<const double> residuals, std::span<const double> decay,
                        std::span<const char> first, double rounding_variance) {
  double squares = 0;
  for (const double one : residuals) squares += one * one;
  const double most =
      std::max(squares / static_cast<double>(std::max<std::size_t>(residuals.size(), 1)), 1e-18);
  const auto minus_log_likelihood = [&](double log_variance) {
    RoundingFilter filter{rounding_variance, std::exp(log_variance), 0};
    double sum = 0;
    Row none;
    for (std::size_t k = 0; k < residuals.size(); ++k) {
      double value = residuals[k];
      filter.next(first[k] != 0, decay[k], none, value);
      sum += 0.5 * std::log(filter.innovation_variance()) + 0.5 * value * value;
    }
    return sum;
  };
  const double low = std::log(most * 1e-6), high = std::log(most * 2);
  return std::exp(minimum_between(minus_log_likelihood, low, high, 0.05));
}

}  // namespace layerwatt::forward
