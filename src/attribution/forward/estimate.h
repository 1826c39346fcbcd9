// SPDX-License-Identifier: Apache-2.0
// The whole estimator for one rail: window, whitening, shrinkage, and what the data could not tell.
#pragma once
#include <Eigen/Dense>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attribution/forward/window.h"

namespace layerwatt::forward {

struct EstimateOptions {
  std::size_t layers = 0;  // first columns of the segments; the others are gaps and idle
  std::size_t inferences = 0;
  std::vector<std::uint32_t> classes;  // operator class of each layer; empty = one for all
  // Stretches that no used reading may see (disturbed inferences), ascending, us.
  std::vector<std::pair<double, double>> masked;
  bool window_known = false;  // not fitted further: for bounds, where the truth is given
};

// Whether the residuals still move with something of the window that was not fitted, in standard deviations
// (of block sums, so that no noise model is needed). Beyond +-3 the assumed window is wrong.
struct WindowTest {
  std::string of;         // "tail", "width"
  double deviations = 0;  // > 0: the real window has more of it
};

struct RailEstimate {
  Window window;                 // as finally used
  double lag_deviation_us = 0;   // statistical
  double tail_deviation_us = 0;  // where a tail was fitted
  Eigen::VectorXd power;         // W, of each column of the segments
  Eigen::MatrixXd covariance;    // of those
  std::size_t readings = 0;      // used
  Eigen::VectorXd seen;          // sum of the shares that each column had in the windows of all readings
  std::size_t outliers = 0;      // of the readings, left out
  double noise = 0;              // W, residual standard deviation of one reading as it came
  double clustering = 1;
  Eigen::VectorXd reliability;  // of each layer: 1 = from the data, 0 = from the prior
  double condition = 1;         // of the scaled Gram matrix of the columns
  std::vector<WindowTest> tests;
  double balance = 0;      // sum of fitted over sum of read power, minus 1
  Eigen::VectorXd lowest;  // W, least standard deviation of any unbiased estimate from these rows, by column
};

// Empty when there are fewer readings than half the layers: nothing could be said.
std::optional<RailEstimate> estimate(const Segments& segments, const Series& series, const Window& start,
                                     const EstimateOptions& options);

}  // namespace layerwatt::forward
