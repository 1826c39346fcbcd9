// SPDX-License-Identifier: Apache-2.0
// A sampler of this machine for calibration: one sensor driver, no run file, nothing else going on.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "session/sampler.h"

namespace layerwatt {

struct BareSampling {
  std::string sensor;              // a driver's name; empty = best there is
  std::vector<std::string> rails;  // empty = all
  Nanoseconds period{};            // zero = as fast as it goes
  std::uint64_t seed = 1;
};

// Off until resume(). not_found: no sensor that measures; of an estimate there is nothing to find out.
Result<std::unique_ptr<Sampler>> open_sampler(const Machine& machine, const BareSampling& what);

// How often take_into() is called while sampling goes on: long before a rail's buffer is full.
inline constexpr Nanoseconds between_takes = std::chrono::milliseconds{100};

// Adds what was read since the last time to the rails' readings.
void take_into(std::vector<RailRecord>& rails, ReadingSource& source, std::span<const LayerSpan> spans,
               Instant until);

}  // namespace layerwatt
