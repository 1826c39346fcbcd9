// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and its like for commands that take long: they end in order, not at once.
#pragma once
#include <atomic>

namespace layerwatt {

// From now on SIGINT, SIGTERM and a lost connection (SIGHUP, unless nohup has it ignored) set what is
// returned.
const std::atomic<bool>& catch_interrupts();

}  // namespace layerwatt
