// SPDX-License-Identifier: Apache-2.0
// What a meter said of one rail, kept for later runs: how its readings follow the power there, and what is
// lost before it. Data and the straight line through it; calibration/ finds it, attribution applies it.
#pragma once
#include <optional>
#include <string>

#include "core/units.h"

namespace layerwatt {

// Largest errors of a meter, either sign, as its maker promises them.
struct MeterAccuracy {
  double gain = 0;  // relative
  Watts offset{};
  bool operator==(const MeterAccuracy&) const = default;
};

// Beside a meter at the rail's own place: reading = reads + gain x (power - at). Half-widths are those of 95
// % intervals; in the middle of what was measured, `at`, level and gain are independent of each other.
struct RailCalibration {
  double gain = 1, gain_half_width = 0;
  Watts at{}, reads{}, reads_half_width{};
  Watts from{}, to{};                           // mean powers by the meter, between which it was found
  std::optional<MeterAccuracy> meter_accuracy;  // empty: not known
  std::string meter;                            // "csv:/dev/ttyUSB0, rail supply"
  std::string made;                             // when, as "2026-11-22 04:35 UTC"
  [[nodiscard]] Watts power(Watts reading) const { return at + (reading - reads) / gain; }
  [[nodiscard]] Watts offset() const { return reads - at * gain; }  // what it reads of no power
  bool operator==(const RailCalibration&) const = default;
};

// By a meter at the supply: meter - rail. Lost in cables and converters before the rail, or drawn beside it.
// Half-widths of 95 % intervals.
struct SupplyLoss {
  Watts idle{}, idle_half_width{}, loaded{}, loaded_half_width{};
  Watts idle_supply{}, loaded_supply{};  // by the meter
  std::string meter, made;               // as above
  bool operator==(const SupplyLoss&) const = default;
};

// A sensor that is further off than this factor is not one beside a meter at its own place.
inline constexpr double largest_gain = 2;

// What makes it useless: numbers that are none, half-widths below zero, a gain that no sensor has. Empty when
// it can be used.
std::optional<std::string> fault_of(const RailCalibration& calibration);
std::optional<std::string> fault_of(const SupplyLoss& loss);

}  // namespace layerwatt
