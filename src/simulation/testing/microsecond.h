// SPDX-License-Identifier: Apache-2.0
// For tests: 140 * us.
#pragma once
#include "simulation/true_power.h"

namespace layerwatt::simulation {

constexpr Moment us{1e3};

}  // namespace layerwatt::simulation
