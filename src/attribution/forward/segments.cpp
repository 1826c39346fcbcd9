// SPDX-License-Identifier: Apache-2.0
// Rows of window overlaps; see segments.h.
#include "attribution/forward/segments.h"

#include <algorithm>

namespace layerwatt::forward {

namespace {

constexpr std::size_t far = 64;  // knots: beyond that a binary search is quicker than walking

}  // namespace

bool RowMaker::seek(double from_us, double to_us) {
  const std::vector<double>& knots = segments_.knot_us;
  if (knots.size() < 2 || from_us < knots.front() || to_us > knots.back()) return false;
  if (at_ + far < knots.size() ? knots[at_ + far] < from_us : at_ > far && knots[at_ - far] > from_us) {
    const auto above = std::upper_bound(knots.begin(), knots.end(), from_us);
    at_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(above - knots.begin() - 1, 0));
  }
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

void RowMaker::add_mixture(std::uint32_t mixture, double share, Row& row) {
  if (share <= 0) return;
  for (const auto& [column, part] : segments_.mixtures[mixture]) {
    if (seen_[column] == 0) {
      row.emplace_back(column, 0);
      seen_[column] = static_cast<std::uint32_t>(row.size());
    }
    row[seen_[column] - 1].second += share * part;  // may be negative: what is counted twice otherwise
  }
}

}  // namespace layerwatt::forward
