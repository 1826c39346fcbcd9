// SPDX-License-Identifier: Apache-2.0
// What the absolute uncertainty of an energy is made of, one component a line, as the Guide to the expression
// of uncertainty in measurement (GUM, JCGM 100:2008) wants it written down. Data only; uncertainty.h fills
// it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"

namespace layerwatt {

enum class Influence {
  repetition,       // the relative interval: readings, timing, how well layers are told apart
  idle,             // of the pauses between inferences, and of what is net of it
  runs,             // from one run to the next
  shunt_gain,       // of the two voltages that the sensor reads
  bus_gain,         //
  shunt_tolerance,  // of the resistor
  shunt_offset,     //
  bus_offset,       //
  temperature,      // of the sensor
  calibration,      // that there was none
  // In place of gains, tolerance and offsets where there was one:
  calibration_gain,   // scatter beside the meter
  calibration_level,  //
  meter_gain,         // what the meter itself may be off
  meter_offset        //
};

// What an influence is, whatever its size.
struct InfluenceFacts {
  const char* name;  // "gain, shunt voltage"
  const char* key;   // "shunt_gain"
  char type;         // 'A': evaluated by statistics; 'B': by other means (GUM 4.2, 4.3)
  const char* unit;  // of limit and standard uncertainty: "1" (relative), "V", "W", "J"
  const char* distribution;
  // One error for all layers of a rail (correlation 1): it adds up linearly over layers, and drops out when
  // they are compared.
  bool common;
};
const InfluenceFacts& facts_of(Influence influence);

struct UncertaintyComponent {
  Influence influence{};
  std::string not_assessed;  // why it is in no sum; empty when it is
  // Standard uncertainty = limit / divisor, in the unit of the influence. Contributions are that times how
  // much energy follows it (sensitivity), in joules; empty for an energy that is not known or has none. Below
  // zero: of a common error that moves this energy the other way than the inference.
  double limit = 0, divisor = 1;
  double sensitivity = 0;  // of the inference
  std::optional<Joules> inference, net;
  std::vector<std::optional<Joules>> layers;  // one for each RailProfile::layers
  std::vector<std::optional<Joules>> joined;  // one for each RailProfile::joined
  [[nodiscard]] double standard() const { return limit / divisor; }
};

struct UncertaintyBudget {
  static constexpr double coverage = 2;  // k: expanded uncertainty / combined standard uncertainty
  std::vector<UncertaintyComponent> components;
  // Roots of the sums of squares: components are independent of each other. Empty when withheld.
  std::optional<Joules> inference, net;
  std::string withheld;  // why there is no absolute interval; empty when there is
};

}  // namespace layerwatt
