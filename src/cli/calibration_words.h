// SPDX-License-Identifier: Apache-2.0
// Words and figures that the reports of `layerwatt calibrate` share.
#pragma once
#include <fmt/format.h>

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

inline std::string with_interval(double value, double half_width, double scale, const char* unit) {
  return fmt::format("{:.3g} +- {:.2g} {}", value * scale, half_width * scale, unit);
}

inline std::string rail_name(const Channel& channel) {
  return channel.rail + (channel.is_total ? " (total)" : "");
}

inline bool is_simulated(const Channel& channel) { return channel.origin == Origin::simulated; }

inline nlohmann::json named(const RailRecord& rail) {
  return {{"rail", rail.channel.rail}, {"sensor", rail.sensor}, {"origin", name_of(rail.channel.origin)}};
}

}  // namespace layerwatt
