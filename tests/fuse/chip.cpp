// SPDX-License-Identifier: Apache-2.0
// The chip's schedule and its registers; see chip.h.
#include "chip.h"

#include <cmath>
#include <ctime>

namespace fuse_board {

using namespace std::chrono_literals;

namespace {

constexpr double averaged = 64;
// From a read's begin: to the conversion that it starts, and to the moment at which a register is latched
// that is filled anyway.
constexpr Nanoseconds to_start = 10us, to_latch = transfer / 2;

double watts(double milliamperes) { return milliamperes * millivolts * 1e-6; }

}  // namespace

Nanoseconds raw_clock() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &t);
  return std::chrono::seconds{t.tv_sec} + Nanoseconds{t.tv_nsec};
}

void sleep_until_raw(Nanoseconds when) {
  // Nobody can sleep on this clock, and those on which one can run up to 0.05 % faster.
  for (Nanoseconds left = when - raw_clock(); left > Nanoseconds{0}; left = when - raw_clock()) {
    const timespec t{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    nanosleep(&t, nullptr);
  }
}

Nanoseconds Wave::high_until(Nanoseconds when) const {
  const Nanoseconds half = period / 2, since = when - start;
  const Nanoseconds in_period = since % period;
  return since / period * half + (in_period > half ? in_period - half : Nanoseconds{0});
}

double Wave::mean(Nanoseconds from, Nanoseconds to) const {
  const auto part = static_cast<double>((high_until(to) - high_until(from)).count()) /
                    static_cast<double>((to - from).count());
  return low + (high - low) * part;
}

Chip::Chip(Mode mode, std::FILE* log)
    : mode_{mode},
      log_{log},
      start_{raw_clock()},
      // The fast wave has the large step: little of it comes through the average. No level is one that the
      // register can hold.
      waves_{{{start_, 20ms, 222, 1986}, {start_, 200ms, 38, 894}, {start_, 200ms, 63, 421}}} {
  std::setvbuf(log_, nullptr, _IOLBF, 0);  // read while the board lives
  for (std::size_t rail = 0; rail < rail_count; ++rail) {
    const Wave& wave = waves_[rail];
    std::fprintf(log_, "rail %zu %lld %lld %.6f %.6f\n", rail, static_cast<long long>(wave.period.count()),
                 static_cast<long long>(wave.start.count()), watts(wave.low), watts(wave.high));
  }
}

int Chip::read(std::size_t rail) {
  const Nanoseconds asked = raw_clock();
  const bool triggered = mode_ == Mode::triggered;
  const Nanoseconds fetched = asked + (triggered ? transfer : to_latch);
  Conversion last{asked + to_start, asked + to_start + conversion};
  if (triggered)
    register_[rail] = waves_[rail].mean(last.from, last.to);
  else
    last = last_before(rail, fetched);
  const int milliamperes =
      static_cast<int>(std::lround(register_[rail] / step_milliamperes)) * step_milliamperes;
  sleep_until_raw(asked + transfer);
  note(rail, fetched, last, milliamperes);
  return milliamperes;
}

// Brings the register up to the last conversion of the rail's current that has ended: current and voltage of
// each rail in turn.
Chip::Conversion Chip::last_before(std::size_t rail, Nanoseconds when) {
  const auto nth = [&](std::int64_t n) {
    const Nanoseconds from = start_ + n * cycle_time + 2 * static_cast<std::int64_t>(rail) * conversion;
    return Conversion{from, from + conversion};
  };
  for (; nth(converted_[rail]).to <= when; ++converted_[rail]) {
    const Conversion next = nth(converted_[rail]);
    const double current = waves_[rail].mean(next.from, next.to);
    const bool first = converted_[rail] == 0;
    register_[rail] += (current - register_[rail]) / (mode_ == Mode::averaging && !first ? averaged : 1);
  }
  return nth(converted_[rail] - 1);
}

void Chip::note(std::size_t rail, Nanoseconds fetched, const Conversion& last, int milliamperes) {
  std::fprintf(log_, "read %zu %lld %lld %lld %.6f\n", rail, static_cast<long long>(fetched.count()),
               static_cast<long long>(last.from.count()), static_cast<long long>(last.to.count()),
               watts(milliamperes));
}

}  // namespace fuse_board
