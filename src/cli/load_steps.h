// SPDX-License-Identifier: Apache-2.0
// A switched load as the steps that step_response() and planted_run() want.
#pragma once
#include <span>
#include <vector>

#include "calibration/step_response.h"
#include "session/busy_threads.h"

namespace layerwatt {

inline std::vector<LoadStep> steps_of(std::span<const BusyStretch> on) {
  std::vector<LoadStep> steps;
  for (const BusyStretch& one : on) {
    steps.push_back({one.from, true});
    steps.push_back({one.to, false});
  }
  return steps;
}

// With a step before `from`, where the load was off.
inline std::vector<LoadStep> steps_of(std::span<const BusyStretch> on, Instant from) {
  std::vector<LoadStep> steps = steps_of(on);
  steps.insert(steps.begin(), {from - std::chrono::milliseconds{1}, false});
  return steps;
}

}  // namespace layerwatt
