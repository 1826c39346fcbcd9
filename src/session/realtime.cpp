// SPDX-License-Identifier: Apache-2.0
// Scheduling and memory of the sampling thread; see realtime.h, sched(7), mlock(2).
#include "session/realtime.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

namespace layerwatt {

namespace {

// Above every ordinary thread, below the kernel's threaded interrupts (50), which complete our bus reads.
constexpr int fifo_priority = 20;

}  // namespace

ThreadSetup set_up_sampling_thread(const char* name, std::optional<int> core, bool realtime) {
  ThreadSetup setup;
  pthread_setname_np(pthread_self(), name);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  if (core && *core >= 0 && *core < CPU_SETSIZE) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(static_cast<std::size_t>(*core), &only);
    if (pthread_setaffinity_np(pthread_self(), sizeof only, &only) == 0) setup.core = core;
  }
  if (realtime) {
    sched_param parameters{};
    parameters.sched_priority = fifo_priority;
    setup.realtime = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0;
  }
  return setup;
}

bool is_kept_to(int core) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  return pthread_getaffinity_np(pthread_self(), sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) == 1 &&
         CPU_ISSET(static_cast<std::size_t>(core), &allowed);
}

LockedMemory::LockedMemory() : granted_{mlockall(MCL_CURRENT | MCL_ONFAULT) == 0} {}

LockedMemory::~LockedMemory() {
  if (granted_) munlockall();
}

}  // namespace layerwatt
