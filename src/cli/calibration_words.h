// SPDX-License-Identifier: Apache-2.0
// Words and figures that the reports of `layerwatt calibrate` share.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "timeline/timeline.h"

namespace layerwatt {

// Standard deviation; 0 for counters, which have no step of power.
inline Watts spread_of(std::span<const Watts> powers) {
  double mean = 0, squares = 0, count = 0;
  for (const Watts power : powers) {
    const double step = power.value() - mean;
    mean += step / ++count;
    squares += step * (power.value() - mean);
  }
  return Watts{count > 1 ? std::sqrt(squares / (count - 1)) : 0};
}

// Both to the same decimal, two digits of the half-width.
inline std::string with_interval(double value, double half_width, double scale, const char* unit) {
  const double half = half_width * scale, shown = value * scale;
  if (!(half > 0) || !std::isfinite(half)) return fmt::format("{:.4g} +- {:.2g} {}", shown, half, unit);
  const int decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(half))), 0, 9);
  const double zero = 0.5 * std::pow(10, -decimals);  // never shown as -0
  return fmt::format("{:.{}f} +- {:.2g} {}", std::abs(shown) < zero ? 0.0 : shown, decimals, half, unit);
}

inline std::string rail_name(const Channel& channel) {
  return channel.rail + (channel.is_total ? " (total)" : "");
}

inline bool is_simulated(const Channel& channel) { return channel.origin == Origin::simulated; }

inline nlohmann::json named(const RailRecord& rail) {
  return {{"rail", rail.channel.rail}, {"sensor", rail.sensor}, {"origin", name_of(rail.channel.origin)}};
}

}  // namespace layerwatt
