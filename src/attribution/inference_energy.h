// SPDX-License-Identifier: Apache-2.0
// The energy of one inference as it ran in the energy pass, from the energy of whole blocks: no layer is
// needed for it, and no method of attribution changes it.
#pragma once
#include <optional>

#include "attribution/execution.h"
#include "attribution/idle_power.h"
#include "attribution/power_trace.h"

namespace layerwatt {

struct InferenceEnergy {
  Joules mean{};                     // gross, load to unload
  std::optional<Joules> half_width;  // of the 95 % interval, from the spread between batches alone
  Nanoseconds pause{};               // between inferences, per inference: booked at idle power
  Nanoseconds duration{};            // mean, load to unload
};

// E = (energy of the block - idle power x pauses) / inferences. Without idle, pauses are booked at the mean
// power of their block. Empty when no block was read.
std::optional<InferenceEnergy> inference_energy(const PowerTrace& trace, const Execution& execution,
                                                const std::optional<IdlePower>& idle);

}  // namespace layerwatt
