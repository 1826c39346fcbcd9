// SPDX-License-Identifier: Apache-2.0
// Which cores compute and which one reads sensors, so that neither gets in the other's way.
#pragma once
#include <optional>
#include <vector>

#include "core/result.h"

namespace layerwatt {

struct CoreShare {
  std::vector<int> network;     // in order; never empty
  std::optional<int> sampling;  // a core of its own, the last one left; empty where none is left
};

// `allowed`: what this process may use. `asked`: what the network is to use; empty: all but the sampler's.
// not_found: an asked one is not allowed, or offline.
Result<CoreShare> share_cores(const std::vector<int>& allowed, const std::vector<int>& asked);

std::vector<int> allowed_cores();  // of the calling thread, in order

// For the sampling thread, where nobody asks for cores.
std::optional<int> sampling_core();

}  // namespace layerwatt
