// SPDX-License-Identifier: Apache-2.0
// Checks of what files say; see rail_calibration.h.
#include "timeline/rail_calibration.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace layerwatt {

namespace {

bool finite(std::initializer_list<Watts> all) {
  return std::all_of(all.begin(), all.end(), [](Watts one) { return std::isfinite(one.value()); });
}

bool negative(std::initializer_list<Watts> all) {
  return std::any_of(all.begin(), all.end(), [](Watts one) { return one < Watts{}; });
}

}  // namespace

std::optional<std::string> fault_of(const RailCalibration& one) {
  const MeterAccuracy meter = one.meter_accuracy.value_or(MeterAccuracy{});
  if (!finite({one.at, one.reads, one.reads_half_width, one.from, one.to, meter.offset}) ||
      !std::isfinite(one.gain) || !std::isfinite(one.gain_half_width) || !std::isfinite(meter.gain))
    return "a number is not finite";
  if (!(one.gain >= 1 / largest_gain && one.gain <= largest_gain))
    return "its gain is not that of a sensor, from 0.5 to 2";
  if (one.gain_half_width < 0 || meter.gain < 0 || negative({one.reads_half_width, meter.offset}))
    return "a half-width or an error is below zero";
  if (!(one.from < one.to)) return "the powers that it was found between are not in order";
  return std::nullopt;
}

std::optional<std::string> fault_of(const SupplyLoss& one) {
  if (!finite({one.idle, one.idle_half_width, one.loaded, one.loaded_half_width, one.idle_supply,
               one.loaded_supply}))
    return "a number is not finite";
  if (negative({one.idle_half_width, one.loaded_half_width})) return "a half-width is below zero";
  return std::nullopt;
}

}  // namespace layerwatt
