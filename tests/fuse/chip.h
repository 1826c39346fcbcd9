// SPDX-License-Identifier: Apache-2.0
// An INA3221 in real time: it converts on a schedule of its own, whether it is read or not, and what it
// converts follows square waves. Everything is computed from CLOCK_MONOTONIC_RAW when it is asked for, so
// that a busy machine delays answers but changes none. Source: TI SBOS576, "Averaging function" and CONFIG.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

namespace fuse_board {

using Nanoseconds = std::chrono::nanoseconds;

inline constexpr std::size_t rail_count = 3;
inline constexpr Nanoseconds transfer = std::chrono::microseconds{300};    // of the answer to one read
inline constexpr Nanoseconds conversion = std::chrono::microseconds{140};  // of a current or a voltage
inline constexpr Nanoseconds cycle_time = 2 * rail_count * conversion;
inline constexpr int millivolts = 5000;
inline constexpr int step_milliamperes = 8;  // 40 uV across 5 mOhm

// triggered: a read starts a conversion and waits for it. cycle: conversions follow each other, a read gets
// the last. averaging: a read gets the exponential average of 64 of them.
enum class Mode { triggered, cycle, averaging };

Nanoseconds raw_clock();
void sleep_until_raw(Nanoseconds when);

// Half of each period low, then half of it high.
struct Wave {
  Nanoseconds start, period;
  double low, high;  // mA
  [[nodiscard]] double mean(Nanoseconds from, Nanoseconds to) const;

 private:
  [[nodiscard]] Nanoseconds high_until(Nanoseconds when) const;
};

class Chip {
 public:
  // What it does is written to `log`: "rail NUMBER PERIOD_NS START_NS LOW_W HIGH_W", then for each read
  // "read RAIL FETCHED_NS FROM_NS TO_NS WATTS", with the conversion that the value came from, or ended with.
  Chip(Mode mode, std::FILE* log);
  // mA of a rail, after the time that the bus takes. One at a time.
  int read(std::size_t rail);

 private:
  struct Conversion {
    Nanoseconds from, to;
  };
  [[nodiscard]] Conversion last_before(std::size_t rail, Nanoseconds when);
  void note(std::size_t rail, Nanoseconds fetched, const Conversion& last, int milliamperes);

  Mode mode_;
  std::FILE* log_;
  Nanoseconds start_;
  std::array<Wave, rail_count> waves_;
  std::array<std::int64_t, rail_count> converted_{};  // conversions of each rail that are in its register
  std::array<double, rail_count> register_{};         // mA
};

}  // namespace fuse_board
