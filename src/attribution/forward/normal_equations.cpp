// SPDX-License-Identifier: Apache-2.0
// Streaming sums; see normal_equations.h.
#include "attribution/forward/normal_equations.h"

#include <algorithm>

namespace layerwatt::forward {

namespace {

constexpr Eigen::Index gathered_at_once = 96;
constexpr std::size_t sparse_to = 12;  // entries of a row that are quicker added one by one

}  // namespace

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
  if (block != block_) add_gathered();
  block_ = block;
  sums_.squares += reading * reading;
  ++sums_.rows;
  Eigen::VectorXd& moment = sums_.moment[block];
  if (row.size() > sparse_to) {
    if (gathered_.size() == 0) {
      gathered_ = Eigen::MatrixXd::Zero(moment.size(), gathered_at_once);
      readings_ = Eigen::VectorXd::Zero(gathered_at_once);
    }
    for (const auto& [column, share] : row) gathered_(static_cast<Eigen::Index>(column), waiting_) = share;
    readings_[waiting_++] = reading;
    if (waiting_ == gathered_at_once) add_gathered();
    return;
  }
  // Only the lower triangle (i >= j) is filled; finish() mirrors it.
  Eigen::MatrixXd& gram = sums_.gram[block];
  for (std::size_t a = 0; a < row.size(); ++a) {
    const auto i = static_cast<Eigen::Index>(row[a].first);
    const double x = row[a].second;
    moment[i] += x * reading;
    for (std::size_t b = 0; b <= a; ++b) {
      const auto j = static_cast<Eigen::Index>(row[b].first);
      gram(std::max(i, j), std::min(i, j)) += x * row[b].second;
    }
  }
}

void Accumulator::add_gathered() {
  if (waiting_ == 0) return;
  const auto rows = gathered_.leftCols(waiting_);
  sums_.gram[block_].selfadjointView<Eigen::Lower>().rankUpdate(rows);
  sums_.moment[block_].noalias() += rows * readings_.head(waiting_);
  gathered_.leftCols(waiting_).setZero();
  waiting_ = 0;
}

NormalEquations Accumulator::finish() {
  add_gathered();
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
