// SPDX-License-Identifier: Apache-2.0
// What a thread of ours has cost so far, for the sampler's record. Source: clock_gettime(2),
// CLOCK_THREAD_CPUTIME_ID.
#pragma once
#include <ctime>

#include "core/units.h"

namespace layerwatt {

// Processor time of the calling thread, user and system.
inline Nanoseconds thread_cpu_time() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds{t.tv_sec} + Nanoseconds{t.tv_nsec};
}

}  // namespace layerwatt
