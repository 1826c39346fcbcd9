// SPDX-License-Identifier: Apache-2.0
// Mean power over a stretch of one condition, without its beginning, in which readings still show the past.
#pragma once
#include <algorithm>
#include <optional>

#include "attribution/power_trace.h"

namespace layerwatt {

struct SettledMean {
  Instant from;                // what counts: at least the second half
  std::optional<Watts> power;  // empty when less than half of that was read
};

inline SettledMean settled_mean(const PowerTrace& trace, Instant from, Instant to) {
  const Instant settled = from + std::min(trace.settling(), (to - from) / 2);
  return {settled, trace.mean(settled, to)};
}

}  // namespace layerwatt
