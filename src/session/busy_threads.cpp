// SPDX-License-Identifier: Apache-2.0
// Threads that work by the clock; see busy_threads.h.
#include "session/busy_threads.h"

#include <sched.h>

#include <algorithm>

#include "session/core_share.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds longest_sleep = 250ms;  // a thread that is to end is waited for no longer

// Works until `end`; asks for the time about every 2 us.
void work_until(const Clock& clock, Instant end, const std::stop_token& stop, double& sum) {
  while (clock.now() < end && !stop.stop_requested())
    for (int i = 0; i < 500; ++i) sum = sum * 1.0000001 + 0.5;
}

// Runs the plan on the calling thread.
std::vector<BusyStretch> work_by_plan(const Clock& clock, Instant next,
                                      const std::vector<Nanoseconds>& lengths, const std::stop_token& stop) {
  std::vector<BusyStretch> worked;
  volatile double kept = 1;
  double sum = kept;
  for (std::size_t i = 0; i < lengths.size() && !stop.stop_requested(); ++i) {
    next += lengths[i];
    if (i % 2 == 0) {
      while (clock.now() < next && !stop.stop_requested())
        clock.sleep_until(std::min(next, clock.now() + longest_sleep));
      continue;
    }
    const Instant from = clock.now();
    work_until(clock, next, stop, sum);
    worked.push_back({from, clock.now()});
  }
  kept = sum;
  return worked;
}

// Keeps the calling thread off one core; where that is refused it may disturb the sampler, which counts that.
void leave_core(std::optional<int> core) {
  cpu_set_t allowed;
  if (!core || sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  CPU_CLR(static_cast<std::size_t>(*core), &allowed);
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

int threads_beside_sampler() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 1;
  return std::max(1, CPU_COUNT(&allowed) - 1);
}

}  // namespace

BusyThreads::BusyThreads(const Clock& clock, Instant start, std::vector<Nanoseconds> lengths)
    : lengths_{std::move(lengths)} {
  for (int i = 0; i < threads_beside_sampler(); ++i)
    threads_.emplace_back([this, &clock, start, i](const std::stop_token& stop) {
      leave_core(sampling_core());
      auto worked = work_by_plan(clock, start, lengths_, stop);
      if (i == 0) on_ = std::move(worked);
    });
}

std::vector<BusyStretch> BusyThreads::finish(bool now) {
  if (now)
    for (std::jthread& thread : threads_) thread.request_stop();
  for (std::jthread& thread : threads_) thread.join();
  threads_.clear();
  return std::move(on_);
}

}  // namespace layerwatt
