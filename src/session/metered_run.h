// SPDX-License-Identifier: Apache-2.0
// The board's sensor beside an external meter: stretches idle with the board's sensor off, idle with it on,
// and under a load with it on, in changing order, while the meter goes on all the time.
#pragma once
#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/machine.h"
#include "core/result.h"
#include "session/busy_threads.h"
#include "session/progress.h"
#include "timeline/timeline.h"

namespace layerwatt {

struct MeteredOptions {
  std::string sensor;              // of the board: a driver's name or virtual:BOARD; empty = best there is
  std::vector<std::string> rails;  // of it; empty = all
  // A stream or a sensor driver: "csv:/dev/ttyUSB0"; of a virtual board "virtual", the truth.
  std::string meter;
  std::string must_have;  // a rail of the sensor without which nothing is to be measured; may be empty
  Nanoseconds stretch = std::chrono::seconds{2};
  int rounds = 5;
  // Then, of a load that both watch: off, on, off, ... one after the other. Empty: none.
  std::vector<Nanoseconds> switching;
  std::uint64_t seed = 1;                          // of the order
  const std::atomic<bool>* interrupted = nullptr;  // set by Ctrl-C; may be null
};

struct MeteredRun {
  std::vector<RailRecord> rails, meter;
  struct Part {
    BusyStretch time;
    bool sampled = false, loaded = false;
  };
  std::vector<Part> parts;
  struct Switched {
    std::vector<BusyStretch> on;  // as it really was
    Instant from, to;
  };
  std::optional<Switched> switched;
  std::map<std::string, std::string> circumstances;  // as in a run file, with the sensor's mode
};

inline constexpr Nanoseconds settling_of_stretch = std::chrono::milliseconds{300};  // before a stretch counts

// gone: interrupted. not_found: no such sensor, rail or meter, or one that does not measure.
Result<MeteredRun> read_beside_meter(const Machine& machine, const MeteredOptions& options,
                                     Progress& progress);

}  // namespace layerwatt
