// SPDX-License-Identifier: Apache-2.0
// With T = [I -B; 0 I], B = (F'F)^-1 F'Z: rows become row x T, so that G becomes T'G T, and powers are those
// that were fitted minus B times the window's step.
#include "attribution/forward/decoupling.h"

namespace layerwatt::forward {

namespace {

constexpr std::size_t few_readings = 4;  // a column

}  // namespace

Decoupling::Decoupling(const NormalEquations& equations, std::size_t first)
    : first_{static_cast<Eigen::Index>(first)} {
  const Eigen::Index window = equations.size() - first_;
  imitation_ = Eigen::MatrixXd::Zero(first_, window);
  if (window == 0 || equations.rows < few_readings * first) return;
  Eigen::MatrixXd gram = equations.gram_sum.topLeftCorner(first_, first_);
  gram.diagonal() += 1e-9 * gram.diagonal().cwiseMax(1e-12 * gram.diagonal().maxCoeff());
  imitation_ = gram.llt().solve(equations.gram_sum.topRightCorner(first_, window));
}

NormalEquations Decoupling::applied(NormalEquations equations) const {
  const Eigen::Index window = imitation_.cols();
  if (window == 0) return equations;
  const auto change = [&](Eigen::MatrixXd& gram, Eigen::VectorXd& moment) {
    gram.rightCols(window) -= gram.leftCols(first_) * imitation_;
    gram.bottomRows(window) -= imitation_.transpose() * gram.topRows(first_);
    moment.tail(window) -= imitation_.transpose() * moment.head(first_);
  };
  for (std::size_t b = 0; b < equations.gram.size(); ++b) change(equations.gram[b], equations.moment[b]);
  change(equations.gram_sum, equations.moment_sum);
  return equations;
}

Fit Decoupling::undone(Fit fit) const {
  const Eigen::Index window = imitation_.cols();
  if (window == 0) return fit;
  fit.power.head(first_) -= imitation_ * fit.power.tail(window);
  for (Eigen::MatrixXd* square : {&fit.covariance, &fit.hat}) {
    if (square->size() == 0) continue;  // a quick fit has no hat
    square->topRows(first_) -= imitation_ * square->bottomRows(window);
    square->leftCols(first_) -= square->rightCols(window) * imitation_.transpose();
  }
  return fit;
}

}  // namespace layerwatt::forward
