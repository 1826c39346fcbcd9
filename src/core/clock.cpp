// SPDX-License-Identifier: Apache-2.0
// The kernel's clocks behind core/clock.h.
#include "core/clock.h"

#include <cerrno>
#include <ctime>

namespace layerwatt {

namespace {

Nanoseconds read_clock(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::chrono::seconds{t.tv_sec} + Nanoseconds{t.tv_nsec};
}

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return Instant{read_clock(CLOCK_MONOTONIC_RAW)}; }

  void sleep_until(Instant when) const override {
    const Nanoseconds left = when - now();
    if (left <= Nanoseconds::zero()) return;
    const Nanoseconds deadline = read_clock(CLOCK_MONOTONIC) + left;
    timespec t{};
    t.tv_sec = static_cast<time_t>(deadline.count() / 1'000'000'000);
    t.tv_nsec = static_cast<long>(deadline.count() % 1'000'000'000);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
    }
  }

  [[nodiscard]] ClockTriple triple() const override {
    // The pair of RAW stamps with the least time between them brackets the other two best.
    ClockTriple best{};
    Nanoseconds shortest = Nanoseconds::max();
    for (int i = 0; i < 8; ++i) {
      const Nanoseconds before = read_clock(CLOCK_MONOTONIC_RAW);
      const Nanoseconds monotonic = read_clock(CLOCK_MONOTONIC);
      const Nanoseconds realtime = read_clock(CLOCK_REALTIME);
      const Nanoseconds after = read_clock(CLOCK_MONOTONIC_RAW);
      if (after - before >= shortest) continue;
      shortest = after - before;
      best = {Instant{before + shortest / 2}, monotonic, realtime};
    }
    return best;
  }

  [[nodiscard]] Result<Nanoseconds> cpu_time(int pid) const override {
    clockid_t id{};
    if (const int failure = clock_getcpuclockid(pid, &id); failure != 0)
      return system_error(failure, "process " + std::to_string(pid), "finding its CPU clock");
    timespec t{};
    if (clock_gettime(id, &t) != 0)
      return system_error(errno, "process " + std::to_string(pid), "reading its CPU clock");
    return std::chrono::seconds{t.tv_sec} + Nanoseconds{t.tv_nsec};
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace layerwatt
