// SPDX-License-Identifier: Apache-2.0
// Circular statistics of phases; see phase_lock.h.
#include "attribution/phase_lock.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace layerwatt {

namespace {

constexpr double strong = 0.3;      // where the errors of a split begin to grow: docs/forward.md
constexpr double least_gap = 0.15;  // of the cycle: smaller holes are chance, not locking

}  // namespace

PhaseLock phase_lock(std::span<const double> begin_us, std::span<const double> stamp_us) {
  std::vector<double> phases;
  for (const double begin : begin_us) {
    const auto after = std::upper_bound(stamp_us.begin(), stamp_us.end(), begin);
    if (after == stamp_us.begin() || after == stamp_us.end()) continue;
    phases.push_back((begin - *(after - 1)) / (*after - *(after - 1)));
  }
  if (phases.size() < 2) return {};
  double east = 0, north = 0;
  for (const double phase : phases) {
    east += std::cos(2 * std::numbers::pi * phase);
    north += std::sin(2 * std::numbers::pi * phase);
  }
  std::sort(phases.begin(), phases.end());
  double gap = phases.front() + 1 - phases.back();
  for (std::size_t i = 1; i < phases.size(); ++i) gap = std::max(gap, phases[i] - phases[i - 1]);
  return {std::hypot(east, north) / static_cast<double>(phases.size()), gap, phases.size()};
}

bool is_locked(const PhaseLock& lock, double aperture_share) {
  if (lock.count < 2) return false;
  // The largest of n random gaps is below (ln n + 3) / n in 95 of 100 cases.
  const auto n = static_cast<double>(lock.count);
  const double by_chance = (std::log(n) + 3) / n;
  return lock.strength > strong && lock.largest_gap > std::max(aperture_share, least_gap) + by_chance;
}

}  // namespace layerwatt
