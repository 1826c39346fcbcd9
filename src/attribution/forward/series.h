// SPDX-License-Identifier: Apache-2.0
// The readings of one rail as the regression wants them: mean powers over windows, the shape of the windows,
// and stamps freed of what jitter the sensor's own clock can explain. docs/forward.md tells each rule.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/vocabulary.h"
#include "timeline/timeline.h"

namespace layerwatt::forward {

enum class WindowKind {
  conversion,    // a box before each reading
  interval,      // from the reading before to this one: a counter's ticks
  average,       // an exponential average whose every conversion is counted: taken apart exactly
  slow_average,  // an exponential average read more slowly than it converts: taken apart in the mean
};

struct Series {
  WindowKind kind = WindowKind::conversion;
  double width_us = 0;  // of a conversion, at the real oscillator's rate where that could be found
  bool width_known = true;
  double period_us = 0;          // between conversions; 0 = not periodic
  double decay = 0;              // of an exponential average a conversion: 1 - 1/N
  double jitter_us = 0;          // uniform lateness of stamps that remains
  double deviation_us = 0;       // of the stamps' other random errors, standard
  double voltage_us = 0;         // of the voltage's conversion right after the current's; 0 = unknown
  double rounding_variance = 0;  // of one reading as it came, W^2: quantum^2 / 12; 0 = unknown

  // One entry a usable reading, in order of time.
  std::vector<double> stamp_us;
  std::vector<double> value;           // W, mean over the window
  std::vector<std::int64_t> index;     // consecutive where nothing is missing between two readings
  std::vector<double> length_us;       // interval, slow_average: the window's length; else empty
  std::vector<std::uint32_t> updates;  // average: conversions in the window; else empty
  std::vector<double> kept;            // averages: part of the reading before that was taken off; else empty
  double repeated = 0;                 // share of readings that show the same value as the one before
  std::vector<std::string> notes;      // what was left out, as sentences
  [[nodiscard]] std::size_t size() const { return value.size(); }
};

// The age of what a reading shows is known to a cycle only: it was read more slowly than the sensor converts.
inline bool is_blurred(const Series& series) {
  return series.jitter_us > 0 && series.kind != WindowKind::interval;
}

// Readings of `rail` that lie wholly in [from, to); stamps count from `origin`.
Series make_series(const RailRecord& rail, Instant origin, Instant from, Instant to);

}  // namespace layerwatt::forward
