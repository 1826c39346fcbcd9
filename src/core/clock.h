// SPDX-License-Identifier: Apache-2.0
// Time. Every stamp in layerwatt is an Instant: nanoseconds of CLOCK_MONOTONIC_RAW, which no NTP daemon
// bends. There is no global now(): a Clock is handed in, so that a test can turn it.
#pragma once
#include "core/result.h"
#include "core/units.h"

namespace layerwatt {

// Names the clock in the type system only; it cannot tell the time by itself.
struct RawClock {
  using duration = Nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<RawClock, duration>;
  static constexpr bool is_steady = true;
};
using Instant = RawClock::time_point;

// One moment on three clocks, to place stamps that others took on CLOCK_REALTIME or CLOCK_MONOTONIC.
struct ClockTriple {
  Instant raw;
  Nanoseconds monotonic;
  Nanoseconds realtime;  // since 1970-01-01 UTC
  bool operator==(const ClockTriple&) const = default;
};

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
  // Returns at `when` or a little later; at once when it has passed.
  virtual void sleep_until(Instant when) const = 0;
  [[nodiscard]] virtual ClockTriple triple() const = 0;
  // CPU time that a process has used, user and system, all threads. Source: clock_getcpuclockid(3).
  [[nodiscard]] virtual Result<Nanoseconds> cpu_time(int pid) const = 0;
};

// The kernel's clocks. sleep_until waits on CLOCK_MONOTONIC, with the deadline recomputed for each call,
// because Linux cannot sleep on CLOCK_MONOTONIC_RAW.
const Clock& system_clock();

// A clock that stands until it is told to move; sleeping moves it. For tests and virtual time.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  void sleep_until(Instant when) const override {
    if (when > now_) now_ = when;
  }
  [[nodiscard]] ClockTriple triple() const override {
    return {now_, now_.time_since_epoch(), now_.time_since_epoch()};
  }
  [[nodiscard]] Result<Nanoseconds> cpu_time(int) const override { return cpu_time_; }
  void set_cpu_time(Nanoseconds t) { cpu_time_ = t; }

 private:
  mutable Instant now_{};
  Nanoseconds cpu_time_{};
};

}  // namespace layerwatt
