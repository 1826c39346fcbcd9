// SPDX-License-Identifier: Apache-2.0
// Where the stamps of a source's own clock lie on the clock of the run. All that is known is when each came
// here: later than it was made, by a delay that varies and is never below its least. So the line under all
// (stamp, arrival - stamp) is fitted, not through them. What the least delay is nobody can tell from here: it
// stays in the stamps. Pure.
//
// The line is the edge of the lower convex hull above the mean stamp, which has the smallest sum of distances
// of all lines below the points (Moon, Skelly, Towsley 1999, "Estimation and removal of clock skew from
// network delay measurements").
#pragma once
#include <cstdint>
#include <map>
#include <optional>

#include "core/clock.h"

namespace layerwatt {

class DeviceClock {
 public:
  // In any order; stamps that jump back by a second or more begin a new clock.
  [[nodiscard]] bool begins_anew(Nanoseconds stamp) const {
    return last_ && stamp + std::chrono::seconds{1} <= *last_;
  }
  void add(Nanoseconds stamp, Instant arrival);
  // Uses all that was added. Until the arrivals tell the rate to some 20 ppm, both clocks pass for equally
  // fast: over less, delays say more of each other than of the clock. Two seconds at least, ten at most.
  void fit();
  [[nodiscard]] bool is_known() const { return known_; }
  [[nodiscard]] Instant at(Nanoseconds stamp) const;
  // By how much it is slower than ours, seconds in a second. Empty as long as both pass for equally fast.
  [[nodiscard]] std::optional<double> slower() const { return slower_; }
  // By how much arrivals were later than the line at most, of the earliest in each bin(): how even delays
  // are.
  [[nodiscard]] Nanoseconds unevenness() const { return unevenness_; }
  [[nodiscard]] Nanoseconds bin() const { return bin_; }

 private:
  struct Point {
    Nanoseconds stamp;
    Nanoseconds delay;  // of the arrival behind the stamp, by an unknown constant
  };
  void widen();
  [[nodiscard]] bool tells_rate(Nanoseconds length) const;
  void take_for_equally_fast();
  static constexpr Nanoseconds shortest_bin = std::chrono::milliseconds{100};
  std::map<std::int64_t, Point> earliest_;  // of each bin of stamps
  Nanoseconds bin_ = shortest_bin;
  std::optional<Nanoseconds> last_;
  bool known_ = false;
  Nanoseconds origin_{}, delay_{};  // of the line
  double slope_ = 0;
  std::optional<double> slower_;
  Nanoseconds unevenness_{};
};

}  // namespace layerwatt
