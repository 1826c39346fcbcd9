// SPDX-License-Identifier: Apache-2.0
// Spread that a few wild values cannot move.
#pragma once
#include <cmath>
#include <vector>

#include "core/median.h"

namespace layerwatt::forward {

// 1.4826 x median absolute deviation: the standard deviation when the values are normal.
inline double robust_deviation(const std::vector<double>& values) {
  const double centre = median(values);
  std::vector<double> away(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) away[i] = std::abs(values[i] - centre);
  return 1.4826 * median(std::move(away));
}

}  // namespace layerwatt::forward
