// SPDX-License-Identifier: Apache-2.0
// Rows of window overlaps; see segments.h.
#include "attribution/forward/segments.h"

namespace layerwatt::forward {

bool RowMaker::seek(double from_us, double to_us) {
  const std::vector<double>& knots = segments_.knot_us;
  if (knots.size() < 2 || from_us < knots.front() || to_us > knots.back()) return false;
  while (at_ > 0 && knots[at_] > from_us) --at_;
  while (at_ + 2 < knots.size() && knots[at_ + 1] <= from_us) ++at_;
  return true;
}

void RowMaker::add(std::uint32_t column, double share, Row& row) {
  if (share <= 0) return;
  if (seen_[column] == 0) {
    row.emplace_back(column, share);
    seen_[column] = static_cast<std::uint32_t>(row.size());
  } else {
    row[seen_[column] - 1].second += share;
  }
}

}  // namespace layerwatt::forward
