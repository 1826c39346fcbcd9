// SPDX-License-Identifier: Apache-2.0
// How fast a sensor really is, from readings taken as fast as they come: how long a read takes, whether it
// waits for a conversion, and how often the value is new. Pure.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "core/vocabulary.h"

namespace layerwatt {

// Medians: of one read, and from one to the next of the same rail.
struct ReadPace {
  Nanoseconds read{}, between{};
};
ReadPace read_pace(std::span<const Reading> readings);  // two at least

struct SensorPace {
  std::size_t reads = 0;
  Nanoseconds read{}, longest_read{};  // median, and 99 % are shorter
  Nanoseconds between{};               // from read to read of this rail, median
  double repeats = 0;                  // of the reads: their value is that of the read before
  // Between new values, about: known when the rail was read at least twice as fast and mostly changed.
  std::optional<Nanoseconds> renewed;
};

// Empty for fewer than 50 readings.
std::optional<SensorPace> pace_of(std::span<const Reading> readings);

// "4000 reads of 0.31 ms, 99 % within 0.8 ms, a new value about every 1.7 ms"; where that is not known, how
// many repeat the value before.
std::string sentence(const SensorPace& pace);

// Where that contradicts what the sensor and the board's file say; empty where it does not, or nothing is
// known.
std::optional<std::string> contradiction(const SensorPace& pace, const Channel& channel);

}  // namespace layerwatt
