// SPDX-License-Identifier: Apache-2.0
// Which neighbouring layers are reported together because the readings cannot tell them apart. Neighbours'
// errors are opposite (what one is given the other lacks), so joining two of them helps fast.
#pragma once
#include <Eigen/Dense>
#include <vector>

namespace layerwatt::forward {

struct Unit {
  std::size_t first = 0, last = 0;  // layers, both included
  double energy = 0;                // J
  double deviation = 0;             // J, standard
};

// `energy` of each layer, J; `covariance` of those errors that the readings make, J^2; `edge`: of each of the
// layers + 1 boundaries, what a wrong place of it costs either side, J, standard deviation. Joins the unit
// that is known worst with the neighbour with which it is known best, until 1.96 deviations are within
// `worst` of every unit's energy. `glued`: each layer for which it is true stays with the one before it;
// empty = none.
std::vector<Unit> join_layers(const Eigen::VectorXd& energy, const Eigen::MatrixXd& covariance,
                              const Eigen::VectorXd& edge, double worst, const std::vector<bool>& glued = {});

}  // namespace layerwatt::forward
