// SPDX-License-Identifier: Apache-2.0
// Reads a sensor at several rates, one after the other, while nothing else runs: what layerwatt calibrate
// makes the cost of reading from. Rates come in another order in each round, so that a drift is not taken for
// a cost.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "core/machine.h"
#include "core/result.h"
#include "session/progress.h"
#include "timeline/timeline.h"

namespace layerwatt {

struct RateOptions {
  std::string sensor;              // a driver's name or virtual:BOARD; empty = best there is
  std::vector<std::string> rails;  // empty = all
  Nanoseconds phase = std::chrono::seconds{2};
  int rounds = 4;  // of all rates
  std::uint64_t seed = 1;
  const std::atomic<bool>* interrupted = nullptr;  // set by Ctrl-C; may be null
};

struct ReadAtOneRate {
  double reads_per_s = 0;  // of all rails together, as it really was
  Instant from, to;
  std::vector<RailRecord> rails;
};

inline constexpr int rates_a_round = 4;  // the fastest, and 1/2, 1/4, 1/8 of it

// gone: interrupted. not_found: no sensor that measures; an estimate costs nothing to read.
Result<std::vector<ReadAtOneRate>> read_at_rates(const Machine& machine, const RateOptions& options,
                                                 Progress& progress);

}  // namespace layerwatt
