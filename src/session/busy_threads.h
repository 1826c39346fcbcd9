// SPDX-License-Identifier: Apache-2.0
// A load of this process's own: threads that do arithmetic at planned times, on all cores but the sampler's.
#pragma once
#include <thread>
#include <vector>

#include "core/clock.h"

namespace layerwatt {

struct BusyStretch {
  Instant from, to;
};

class BusyThreads {
 public:
  // `lengths`: of stretches off, on, off, on, ... from `start` on. One that could not begin in time begins
  // when it can and ends as planned. `clock` must outlive this.
  BusyThreads(const Clock& clock, Instant start, std::vector<Nanoseconds> lengths);
  // Waits for the plan's end, or ends it now. When the load was on, stamped by one of the threads.
  std::vector<BusyStretch> finish(bool now);

 private:
  const std::vector<Nanoseconds> lengths_;
  std::vector<BusyStretch> on_;  // written by the first thread, read when it has ended
  std::vector<std::jthread> threads_;
};

}  // namespace layerwatt
