// SPDX-License-Identifier: Apache-2.0
// The middle of values, which a few wild ones cannot move.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace layerwatt {

// Upper median for even counts; zero for nothing (callers check for emptiness where that would matter).
template <class T>
T median(std::vector<T> values) {
  if (values.empty()) return T{};
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace layerwatt
