// SPDX-License-Identifier: Apache-2.0
// The regression in the only form that is kept: sums of row x row and row x reading, one set a block of
// consecutive readings. Rows are streamed and forgotten. Nuisances (drift, kernel derivatives) are columns
// behind those of layers, gaps and idle.
#pragma once
#include <Eigen/Dense>
#include <vector>

#include "attribution/forward/segments.h"

namespace layerwatt::forward {

struct NormalEquations {
  std::vector<Eigen::MatrixXd> gram;    // of each block, n x n; symmetric
  std::vector<Eigen::VectorXd> moment;  // of each block
  Eigen::MatrixXd gram_sum;
  Eigen::VectorXd moment_sum;
  double squares = 0;  // sum of reading^2
  std::size_t rows = 0;
  std::size_t layers = 0;  // the first columns; then gaps and idle, then nuisances

  [[nodiscard]] Eigen::Index size() const { return gram_sum.rows(); }
  [[nodiscard]] double residual_squares(const Eigen::VectorXd& p) const {
    return squares - 2 * p.dot(moment_sum) + p.dot(gram_sum * p);
  }
};

// Adds rows one at a time, in order; `finish` gives the sums. Sparse rows are added entry by entry; full
// ones, as an averaging sensor makes them, are gathered and added together, which is many times faster.
class Accumulator {
 public:
  // `rows` is the number that will come, to cut the blocks evenly; more go into the last block.
  Accumulator(std::size_t layers, std::size_t columns, std::size_t rows, std::size_t blocks);
  void add(const Row& row, double reading);
  NormalEquations finish();

 private:
  void add_gathered();
  NormalEquations sums_;
  std::size_t rows_expected_;
  std::size_t block_ = 0;
  Eigen::MatrixXd gathered_;  // columns x rows waiting
  Eigen::VectorXd readings_;  // of those rows
  Eigen::Index waiting_ = 0;
};

// Blocks for the jackknife: 30 to 200, about two inferences each; fewer for wide problems, to bound memory.
std::size_t block_count(std::size_t inferences, std::size_t columns);

}  // namespace layerwatt::forward
