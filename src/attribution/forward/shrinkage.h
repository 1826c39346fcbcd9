// SPDX-License-Identifier: Apache-2.0
// From normal equations to powers and how sure they are: least squares shrunk towards a common mean by as
// much as the data themselves support, with heavy tails so that an outstanding layer keeps its power.
#pragma once
#include <Eigen/Dense>
#include <cstdint>
#include <optional>
#include <vector>

#include "attribution/forward/normal_equations.h"

namespace layerwatt::forward {

struct ShrinkageOptions {
  double degrees = 4;  // of the Student-t prior
  int scales = 20;     // prior widths tried, 0.4 % to 80 % of the mean power
  // Operator class of each layer: layers of one class share a prior mean. Empty = one mean for all.
  std::vector<std::uint32_t> classes;
  // Only powers are wanted, on the way to better rows: fewer steps, and the covariance is the prior's and the
  // white noise's alone.
  bool quick = false;
};

struct Fit {
  Eigen::VectorXd power;        // W: layers, gaps, idle, then nuisances
  Eigen::MatrixXd covariance;   // sampling + expected squared shrinkage
  Eigen::MatrixXd hat;          // moment -> power at the likeliest prior scale
  double noise_variance = 0;    // of one (whitened) reading, W^2
  double clustering = 1;        // variance of block sums / what independent readings would give; >= 1
  double freedom = 0;           // effective number of parameters
  double prior_scale = 0;       // W
  Eigen::VectorXd reliability;  // of each layer: 1 = from the data, 0 = from the prior
};

// Marginal-likelihood average over prior scales; covariance from the delete-one-block jackknife (CR3).
Fit shrink(const NormalEquations& equations, const ShrinkageOptions& options = {});

// The lowest -log marginal likelihood of the readings over a few noise-to-prior ratios, noise profiled out:
// what lag and kernel are chosen by. Smaller is better; comparable for the same readings only.
// `precision`: of the prior on layers, likeness_precision(layers).
double misfit_of(const NormalEquations& equations, const Eigen::MatrixXd& precision);
Eigen::MatrixXd likeness_precision(std::size_t layers);

}  // namespace layerwatt::forward
