// SPDX-License-Identifier: Apache-2.0
// Rows of window overlaps; see segments.h.
#include "attribution/forward/segments.h"

namespace layerwatt::forward {

RowMaker::RowMaker(const Segments& segments, const Kernel& kernel)
    : segments_{segments}, kernel_{kernel}, seen_(segments.columns, 0) {}

bool RowMaker::make(double stamp_us, Row& row) {
  row.clear();
  const std::vector<double>& knots = segments_.knot_us;
  const double from = stamp_us - kernel_.oldest(), to = stamp_us - kernel_.newest();
  if (knots.size() < 2 || from < knots.front() || to > knots.back()) return false;
  while (at_ > 0 && knots[at_] > from) --at_;
  while (at_ + 2 < knots.size() && knots[at_ + 1] <= from) ++at_;
  double upper = 1;  // the window's weight at ages above the current knot's
  for (std::size_t i = at_; i + 1 < knots.size() && knots[i] < to; ++i) {
    const double lower = knots[i + 1] >= to ? 0 : kernel_(stamp_us - knots[i + 1]);
    const double share = upper - lower;
    upper = lower;
    if (share <= 0) continue;
    const std::uint32_t column = segments_.column[i];
    if (seen_[column] == 0) {
      row.emplace_back(column, share);
      seen_[column] = static_cast<std::uint32_t>(row.size());
    } else {
      row[seen_[column] - 1].second += share;
    }
  }
  for (const auto& [column, share] : row) seen_[column] = 0;
  return true;
}

}  // namespace layerwatt::forward
