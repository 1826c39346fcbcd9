// SPDX-License-Identifier: Apache-2.0
// The board's sensor beside an external meter: stretches idle with the board's sensor off, idle with it on,
// and under a load with it on, in changing order, while the meter goes on all the time.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "core/machine.h"
#include "core/result.h"
#include "session/busy_threads.h"
#include "session/progress.h"
#include "timeline/timeline.h"

namespace layerwatt {

struct MeteredOptions {
  std::string sensor;              // of the board: a driver's name; empty = best there is
  std::vector<std::string> rails;  // of it; empty = all
  std::string meter;               // a stream or a sensor driver: "csv:/dev/ttyUSB0"
  Nanoseconds stretch = std::chrono::seconds{2};
  int rounds = 5;
  std::uint64_t seed = 1;                          // of the order
  const std::atomic<bool>* interrupted = nullptr;  // set by Ctrl-C; may be null
};

struct MeteredRun {
  std::vector<RailRecord> rails, meter;
  struct Part {
    Stretch time;
    bool sampled = false, loaded = false;
  };
  std::vector<Part> parts;
};

// gone: interrupted. not_found: no such sensor or meter, or one that does not measure.
Result<MeteredRun> read_beside_meter(const Machine& machine, const MeteredOptions& options,
                                     Progress& progress);

}  // namespace layerwatt
