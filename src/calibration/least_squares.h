// SPDX-License-Identifier: Apache-2.0
// Ordinary least squares with standard errors from the scatter that is left. Pure.
#pragma once
#include <Eigen/Dense>
#include <optional>

namespace layerwatt {

struct LeastSquares {
  Eigen::VectorXd value, deviation;  // by column
  Eigen::MatrixXd weights;           // of each row in each value
  double quantile = 0;               // of Student's t, 95 %
};

// Empty without a row more than columns, and when the columns cannot be told apart.
std::optional<LeastSquares> least_squares(const Eigen::MatrixXd& columns, const Eigen::VectorXd& observed);

}  // namespace layerwatt
