// SPDX-License-Identifier: Apache-2.0
// Minima of functions that are costly and need no derivative: one variable by golden section, a few by the
// simplex of Nelder and Mead (Computer Journal 7, 1965).
#pragma once
#include <Eigen/Dense>
#include <functional>

namespace layerwatt::forward {

// Where `f` is lowest in [low, high], to within `tolerance`; exact only where f has one minimum there.
double minimum_between(const std::function<double(double)>& f, double low, double high, double tolerance);

struct Simplex {
  Eigen::VectorXd start, step;  // step > 0: size of the first simplex along each axis
  double tolerance = 1e-3;      // of f between the best and the worst corner
  int most_evaluations = 120;
};
Eigen::VectorXd simplex_minimum(const std::function<double(const Eigen::VectorXd&)>& f,
                                const Simplex& simplex);

}  // namespace layerwatt::forward
