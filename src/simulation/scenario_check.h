// SPDX-License-Identifier: Apache-2.0
// Whether a scenario can be simulated at all: every setting within its limits, and all of them together.
#pragma once
#include "core/result.h"
#include "simulation/scenario.h"

namespace layerwatt::simulation {

// malformed: `where` names the setting as in a scenario file, "run.gap_us".
Result<void> check(const Scenario& scenario);

}  // namespace layerwatt::simulation
