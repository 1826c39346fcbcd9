// SPDX-License-Identifier: Apache-2.0
// Shifting, and nothing else; see chronological_lag.h.
#include "attribution/chronological_lag.h"

namespace layerwatt {

std::vector<ReadingWindow> windows_before(const RailRecord& rail, const PowerTrace& trace, Nanoseconds lag) {
  std::vector<ReadingWindow> windows = windows_of(trace);
  const bool counter = trace.meaning() == Meaning::energy_total;
  const Nanoseconds behind_end = lag - trace.period().value_or(Nanoseconds{0}) / 2;
  const bool from_begin = read_starts_conversion(rail.channel);
  for (ReadingWindow& window : windows) {
    const Nanoseconds half = from_begin ? Nanoseconds{0} : (window.to - window.from) / 2;
    window.from = counter ? window.from - behind_end : window.from + half - lag;
    window.to = counter ? window.to - behind_end : window.from;
  }
  return windows;
}

}  // namespace layerwatt
