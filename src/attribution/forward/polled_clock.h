// SPDX-License-Identifier: Apache-2.0
// Which conversion each reading shows, when a sensor is read several times a conversion by a timer of its
// own: a new value says that a conversion ended since the read before.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace layerwatt::forward {

struct PolledReads {
  std::span<const double> begin_us, stamp_us, value;  // of each read; stamps are the middles, ascending
};

struct PolledClock {
  // One entry a conversion that a read shows for sure.
  std::vector<std::size_t> read;    // which read
  std::vector<std::int64_t> index;  // number of the conversion
  std::vector<double> stamp_us;     // when it ended, but for a constant
  double period_us = 0;             // of the real oscillator
  double deviation_us = 0;          // of the stamps, standard, about
};

// `nominal_us`: the data sheet's period. `least_change`: smaller steps of the value are not taken for new
// conversions (a voltage that is converted between two currents changes their product a little). Empty when
// changes do not follow a clock of about that period.
std::optional<PolledClock> fit_polled_clock(const PolledReads& reads, double nominal_us, double least_change);

}  // namespace layerwatt::forward
