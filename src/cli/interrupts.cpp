// SPDX-License-Identifier: Apache-2.0
// The handler and the one thing that it touches.
#include "cli/interrupts.h"

#include <csignal>

namespace layerwatt {

namespace {

std::atomic<bool> seen{false};

extern "C" void note_interrupt(int) { seen.store(true); }

}  // namespace

const std::atomic<bool>& catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = note_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction hang_up {};
  if (sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler != SIG_IGN)
    sigaction(SIGHUP, &action, nullptr);
  return seen;
}

}  // namespace layerwatt
