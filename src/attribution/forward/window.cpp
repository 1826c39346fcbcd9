// SPDX-License-Identifier: Apache-2.0
// Kernels for each kind of window; see window.h.
#include "attribution/forward/window.h"

#include <cmath>

namespace layerwatt::forward {

const Kernel& Observations::kernel(std::uint32_t updates) {
  if (const auto known = kernels_.find(updates); known != kernels_.end()) return known->second;
  std::vector<Box> boxes;
  double weight = 1;
  for (std::uint32_t i = 0; i < updates; ++i) {
    boxes.push_back({window_.lag_us + i * series_.period_us, window_.width_us, weight});
    weight *= series_.decay;
  }
  return kernels_.emplace(updates, Kernel{boxes, -blur_us_, series_.jitter_us + blur_us_, window_.tail_us})
      .first->second;
}

bool Observations::row(std::size_t k, Row& row) {
  const double stamp = series_.stamp_us[k];
  switch (series_.kind) {
    case WindowKind::conversion: return rows_.make(stamp, kernel(1), row);
    case WindowKind::average: return rows_.make(stamp, kernel(series_.updates[k]), row);
    case WindowKind::interval:
    case WindowKind::slow_average:
      return rows_.make(
          stamp, Trapezoid{window_.lag_us - blur_us_, series_.length_us[k], series_.jitter_us + 2 * blur_us_},
          row);
  }
  return false;
}

std::pair<double, double> Observations::reach(std::size_t k) {
  const double stamp = series_.stamp_us[k];
  if (series_.kind == WindowKind::interval || series_.kind == WindowKind::slow_average)
    return {stamp - window_.lag_us - series_.length_us[k] - series_.jitter_us - blur_us_,
            stamp - window_.lag_us + blur_us_};
  const Kernel& weights = kernel(series_.kind == WindowKind::average ? series_.updates[k] : 1);
  return {stamp - weights.oldest(), stamp - weights.newest()};
}

}  // namespace layerwatt::forward
