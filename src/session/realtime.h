// SPDX-License-Identifier: Apache-2.0
// Making a thread wake when it should: a core of its own, real-time scheduling, memory that cannot be paged
// out, timers without slack. Each is asked for and none is required.
#pragma once
#include <optional>

namespace layerwatt {

struct ThreadSetup {
  std::optional<int> core;  // the thread was pinned to
  bool realtime = false;    // SCHED_FIFO was granted
};

// Sets up the calling thread; what is refused is left as it was.
ThreadSetup set_up_sampling_thread(const char* name, std::optional<int> core, bool realtime);

// Whether the calling thread may still run on this core and no other. The kernel lifts the restriction of a
// thread whose core is taken offline, and does not put it back.
bool is_kept_to(int core);

// Locks the process's memory as it is now while it lives. Only what is there: later allocations stay free,
// so that a small RLIMIT_MEMLOCK cannot make them fail.
class LockedMemory {
 public:
  LockedMemory();
  ~LockedMemory();
  LockedMemory(const LockedMemory&) = delete;
  LockedMemory& operator=(const LockedMemory&) = delete;
  [[nodiscard]] bool granted() const { return granted_; }

 private:
  bool granted_;
};

}  // namespace layerwatt
