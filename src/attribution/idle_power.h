// SPDX-License-Identifier: Apache-2.0
// What a rail draws while the loaded runner waits: from the idle phases before and after, whose difference is
// the drift that the run saw.
#pragma once
#include <optional>

#include "attribution/power_trace.h"
#include "attribution/profile.h"

namespace layerwatt {

struct IdlePower {
  Watts mean{};
  std::optional<Watts> half_width;  // of the 95 % interval: batches, drift, and rounding by the sensor
  std::optional<Watts> before, after;
  bool settled = true;  // false when a phase was too short to wait for the sensor's average
};

// Empty when neither phase was read.
std::optional<IdlePower> idle_power(const PowerTrace& trace, const Timeline& timeline,
                                    std::optional<Watts> quantum);

}  // namespace layerwatt
