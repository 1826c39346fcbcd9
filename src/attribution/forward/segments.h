// SPDX-License-Identifier: Apache-2.0
// What ran when, as the regression sees it: knots in time and, between each two, the column whose power acts,
// or the mixture of columns where several act at once. Streams the rows of the design matrix: the share of
// each column in the window of one reading.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "attribution/forward/kernel.h"

namespace layerwatt::forward {

// One row: (column, share) pairs, each column once; shares sum to 1.
using Row = std::vector<std::pair<std::uint32_t, double>>;

struct Segments {
  std::vector<double> knot_us;  // ascending
  // column[i] acts from knot[i] to knot[i + 1]; one fewer than knots. From `columns` on: a mixture.
  std::vector<std::uint32_t> column;
  std::uint32_t columns = 0;
  double deviation_us = 0;      // of the knots' random errors, standard
  std::vector<Row> mixtures{};  // mixtures[column[i] - columns] acts: each of its columns with its share
};

// Makes rows for ascending stamps in O(segments touched). One object a pass; the windows may be of different
// kernels, and step back only a little.
class RowMaker {
 public:
  explicit RowMaker(const Segments& segments) : segments_{segments}, seen_(segments.columns, 0) {}

  // `Cumulative` is a Kernel or anything like it: newest(), oldest(), and the share of weight below an age.
  // False when the window is not wholly covered by the segments; `row` is then left empty.
  template <class Cumulative>
  bool make(double stamp_us, const Cumulative& kernel, Row& row) {
    row.clear();
    const std::vector<double>& knots = segments_.knot_us;
    const std::uint32_t columns = segments_.columns;
    const double to = stamp_us - kernel.newest();
    if (!seek(stamp_us - kernel.oldest(), to)) return false;
    double upper = 1;  // the window's weight at ages above the current knot's
    for (std::size_t i = at_; i + 1 < knots.size() && knots[i] < to; ++i) {
      const double lower = knots[i + 1] >= to ? 0 : kernel(stamp_us - knots[i + 1]);
      const std::uint32_t column = segments_.column[i];
      if (column >= columns) [[unlikely]]
        add_mixture(column - columns, upper - lower, row);
      else
        add(column, upper - lower, row);
      upper = lower;
    }
    for (const auto& entry : row) seen_[entry.first] = 0;
    return true;
  }

 private:
  bool seek(double from_us, double to_us);
  void add(std::uint32_t column, double share, Row& row);
  void add_mixture(std::uint32_t mixture, double share, Row& row);
  const Segments& segments_;
  std::size_t at_ = 0;               // a segment at or before the window's oldest edge
  std::vector<std::uint32_t> seen_;  // row position + 1 of a column, 0 = not in this row
};

}  // namespace layerwatt::forward
