// SPDX-License-Identifier: Apache-2.0
// What ran when, as the regression sees it: knots in time and, between each two, the column whose power acts.
// Streams the rows of the design matrix: the share of each column in the window of one reading.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "attribution/forward/kernel.h"

namespace layerwatt::forward {

struct Segments {
  std::vector<double> knot_us;        // ascending
  std::vector<std::uint32_t> column;  // column[i] acts from knot[i] to knot[i + 1]; one fewer than knots
  std::uint32_t columns = 0;
};

// One row: (column, share) pairs, each column once; shares sum to 1.
using Row = std::vector<std::pair<std::uint32_t, double>>;

// Makes rows for ascending stamps in O(segments touched). One object a pass; stamps must not go back by more
// than the kernel is long.
class RowMaker {
 public:
  RowMaker(const Segments& segments, const Kernel& kernel);
  // False when the window is not wholly covered by the segments; `row` is then left empty.
  bool make(double stamp_us, Row& row);

 private:
  const Segments& segments_;
  const Kernel& kernel_;
  std::size_t at_ = 0;               // a segment at or before the window's oldest edge
  std::vector<std::uint32_t> seen_;  // row position + 1 of a column, 0 = not in this row
};

}  // namespace layerwatt::forward
