// SPDX-License-Identifier: Apache-2.0
// By QR with pivots; see least_squares.h.
#include "calibration/least_squares.h"

#include <cmath>

#include "attribution/statistics.h"

namespace layerwatt {

std::optional<LeastSquares> least_squares(const Eigen::MatrixXd& columns, const Eigen::VectorXd& observed) {
  const Eigen::Index degrees = columns.rows() - columns.cols();
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> factors{columns};
  if (degrees < 1 || factors.rank() < columns.cols()) return std::nullopt;
  LeastSquares fit;
  fit.weights = factors.solve(Eigen::MatrixXd::Identity(columns.rows(), columns.rows()));
  fit.value = fit.weights * observed;
  const double variance = (observed - columns * fit.value).squaredNorm() / static_cast<double>(degrees);
  fit.deviation = fit.weights.rowwise().norm() * std::sqrt(variance);
  fit.quantile = student_975(static_cast<std::size_t>(degrees));
  return fit;
}

}  // namespace layerwatt
