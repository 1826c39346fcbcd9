// SPDX-License-Identifier: Apache-2.0
// What makes the runner a well-behaved child: it ends with its parent, keeps standard output clean, and
// leaves Ctrl-C to the parent.
#pragma once
#include <span>

#include "engines/engine.h"

namespace layerwatt {

// The whole program: serves the control socket with these engines. Returns the exit code.
int run_as_child(std::span<const EngineDriver* const> drivers);

}  // namespace layerwatt
