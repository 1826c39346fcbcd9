// SPDX-License-Identifier: Apache-2.0
// Reads a sensor while a load of this process's own goes on and off by a plan: arithmetic on all cores but
// the sampler's. On a virtual board, a layer that computes and moves as much as the board can.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "boards/board.h"
#include "core/machine.h"
#include "core/result.h"
#include "session/busy_threads.h"
#include "session/progress.h"
#include "timeline/timeline.h"

namespace layerwatt {

struct SwitchedLoadOptions {
  std::string sensor;              // a driver's name or virtual:BOARD; empty = best there is
  std::vector<std::string> rails;  // empty = all, or the total one
  bool total_alone = false;        // where no rails are given: reads the board's total, which is faster
  std::uint64_t seed = 1;
  const std::atomic<bool>* interrupted = nullptr;  // set by Ctrl-C; may be null
};

struct SwitchedLoad {
  std::vector<RailRecord> rails;
  std::vector<BusyStretch> on;  // as it really was: stamped by a thread that worked
  Instant from, to;
  ClockTriple clocks_at_start{}, clocks_at_end{};
};

// As much work as fills a board's arithmetic and its memory for the same time.
Layer busy_layer(const BoardModel& model);

// `lengths`: of the stretches off, on, off, on, ... one after the other. gone: interrupted. not_found: no
// sensor that measures.
Result<SwitchedLoad> read_under_load(const Machine& machine, const SwitchedLoadOptions& options,
                                     const std::vector<Nanoseconds>& lengths, Progress& progress);

}  // namespace layerwatt
