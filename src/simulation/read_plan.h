// SPDX-License-Identifier: Apache-2.0
// When a sampler on the board reads which channel: ticks of a period, channels one after another, each read
// taking its time on the I2C bus. What the values are does not matter here.
#pragma once
#include <cstddef>
#include <cstdint>

#include "simulation/random.h"
#include "simulation/true_power.h"

namespace layerwatt::simulation {

struct ReadSettings {
  std::size_t channels = 1;
  Moment period{};  // zero: each round of reads follows the last at once
  Moment shortest{270'000}, mean{300'000}, longest{1'600'000};  // of one read
  Moment lateness{8'000};  // mean time from the planned tick to the first read
};

struct PlannedRead {
  std::size_t channel;
  Moment before;      // the caller's stamp
  Moment shunt, bus;  // the moments at which the two registers are fetched
  Moment after;
};

// Reads never overlap. A tick whose moment has passed when the last round ends is missed, not made up for.
class ReadPlan {
 public:
  // Shares of a read's time after which the registers are fetched: one I2C word read each, shunt first, as
  // the L4T driver does. Where within the call is a guess.
  static constexpr double shunt_fetched = 0.4, bus_fetched = 0.8;

  ReadPlan(const ReadSettings& settings, Random random);
  PlannedRead next();
  // So many from now on, beginning with the first.
  void set_channels(std::size_t channels) {
    settings_.channels = channels;
    channel_ = 0;
  }

 private:
  ReadSettings settings_;
  Random random_;
  std::size_t channel_ = 0;
  std::uint64_t tick_ = 0;
  Moment free_{};  // when the last read ended
};

}  // namespace layerwatt::simulation
