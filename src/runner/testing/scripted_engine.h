// SPDX-License-Identifier: Apache-2.0
// An engine for tests that does what its optimisation level says: "", "error", "throw", "crash", "hang",
// "talk", "exit", "slow" (50 ms an inference). Two layers of 1 us each, at the start of compute.
#pragma once
#include "engines/engine.h"

namespace layerwatt {

extern const EngineDriver scripted_engine_driver;

}  // namespace layerwatt
