// SPDX-License-Identifier: Apache-2.0
// Streaming sums; see normal_equations.h.
#include "attribution/forward/normal_equations.h"

#include <algorithm>

namespace layerwatt::forward {

Accumulator::Accumulator(std::size_t layers, std::size_t columns, std::size_t rows, std::size_t blocks)
    : rows_expected_{std::max<std::size_t>(rows, 1)} {
  const auto n = static_cast<Eigen::Index>(columns);
  sums_.layers = layers;
  sums_.gram.assign(blocks, Eigen::MatrixXd::Zero(n, n));
  sums_.moment.assign(blocks, Eigen::VectorXd::Zero(n));
}

void Accumulator::add(const Row& row, double reading) {
  const std::size_t blocks = sums_.gram.size();
  const std::size_t block = std::min(blocks - 1, sums_.rows * blocks / rows_expected_);
  Eigen::MatrixXd& gram = sums_.gram[block];
  Eigen::VectorXd& moment = sums_.moment[block];
  // Only the lower triangle (i >= j) is filled; finish() mirrors it.
  for (std::size_t a = 0; a < row.size(); ++a) {
    const auto i = static_cast<Eigen::Index>(row[a].first);
    const double x = row[a].second;
    moment[i] += x * reading;
    for (std::size_t b = 0; b <= a; ++b) {
      const auto j = static_cast<Eigen::Index>(row[b].first);
      gram(std::max(i, j), std::min(i, j)) += x * row[b].second;
    }
  }
  sums_.squares += reading * reading;
  ++sums_.rows;
}

NormalEquations Accumulator::finish() {
  const Eigen::Index n = sums_.moment.front().size();
  sums_.gram_sum = Eigen::MatrixXd::Zero(n, n);
  sums_.moment_sum = Eigen::VectorXd::Zero(n);
  for (std::size_t b = 0; b < sums_.gram.size(); ++b) {
    Eigen::MatrixXd& gram = sums_.gram[b];
    gram.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
    sums_.gram_sum += gram;
    sums_.moment_sum += sums_.moment[b];
  }
  return std::move(sums_);
}

std::size_t block_count(std::size_t inferences, std::size_t columns) {
  const std::size_t most = columns > 150 ? 64 : 200;
  return std::clamp<std::size_t>(inferences / 2, 30, most);
}

}  // namespace layerwatt::forward
