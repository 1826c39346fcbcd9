// SPDX-License-Identifier: Apache-2.0
// Location and spread that a few wild values cannot move.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

namespace layerwatt::forward {

// Upper median for even counts; 0 for nothing (callers check for emptiness where that would matter).
inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// 1.4826 x median absolute deviation: the standard deviation when the values are normal.
inline double robust_deviation(const std::vector<double>& values) {
  const double centre = median(values);
  std::vector<double> away(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) away[i] = std::abs(values[i] - centre);
  return 1.4826 * median(std::move(away));
}

}  // namespace layerwatt::forward
