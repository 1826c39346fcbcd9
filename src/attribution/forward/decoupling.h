// SPDX-License-Identifier: Apache-2.0
// Fitting the sensor's window beside powers that a prior draws together. What the prior takes from the
// contrast of layers, a sharper window would give back, so that a joint fit errs towards it. Here the window
// only gets what no powers at all could explain: its columns are made orthogonal to theirs.
#pragma once
#include "attribution/forward/normal_equations.h"
#include "attribution/forward/shrinkage.h"

namespace layerwatt::forward {

class Decoupling {
 public:
  // Columns from `first` on describe the window. With few readings a column powers explain all of it, and
  // nothing is changed.
  Decoupling(const NormalEquations& equations, std::size_t first);
  [[nodiscard]] NormalEquations applied(NormalEquations equations) const;
  // A fit of applied() equations, as one of the equations themselves.
  [[nodiscard]] Fit undone(Fit fit) const;

 private:
  Eigen::Index first_;
  Eigen::MatrixXd imitation_;  // powers that look most like each window column
};

}  // namespace layerwatt::forward
