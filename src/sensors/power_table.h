// SPDX-License-Identifier: Apache-2.0
// Rows of numbers whose columns are known to be times, powers, counters of energy, or voltage and current:
// what csv, joulescope and otii have in common once their header was read. Not a reader of CSV in general.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sensors/stream.h"

namespace layerwatt {

struct PowerColumn {
  enum class Kind { skipped, time, power, energy, voltage, current } kind = Kind::skipped;
  double scale = 1;  // to seconds, watts, joules, volts, amperes
  std::string rail;  // of all but skipped and time
};

class PowerTable {
 public:
  // `clock` is that of the time column; arrival when there is none. `volts`: of currents that have no voltage
  // beside them. A rail with voltage and current becomes one of power.
  PowerTable(std::vector<PowerColumn> columns, StampClock clock, std::optional<Volts> volts);
  [[nodiscard]] const std::vector<Channel>& channels() const { return channels_; }
  [[nodiscard]] std::vector<Channel>& channels() { return channels_; }
  [[nodiscard]] StampClock clock() const { return clock_; }
  // Currents without a voltage, which give no channel.
  [[nodiscard]] const std::vector<std::string>& without_voltage() const { return without_voltage_; }
  // An empty field has no value; a row may be shorter than the header. malformed: a field is no number, or
  // nothing that could be.
  Result<void> parse(std::string_view line, std::vector<StreamReading>& into) const;

 private:
  struct Source {
    std::size_t value;                   // column of the power, energy or current
    std::optional<std::size_t> voltage;  // column; empty: volts_, or none is needed
  };
  [[nodiscard]] Result<Nanoseconds> stamp(std::string_view field) const;
  std::vector<PowerColumn> columns_;
  StampClock clock_;
  std::optional<Volts> volts_;
  std::optional<std::size_t> time_;
  std::vector<Channel> channels_;
  std::vector<Source> sources_;  // of each channel
  std::vector<std::string> without_voltage_;
};

}  // namespace layerwatt
