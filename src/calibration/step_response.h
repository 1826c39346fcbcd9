// SPDX-License-Identifier: Apache-2.0
// How a rail's readings follow a load that goes on and off at known moments: how late they are, and how long
// an average remembers. Found from the readings alone, so that what the kernel and the data sheet say can be
// checked. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/vocabulary.h"
#include "timeline/timeline.h"

namespace layerwatt {

// From `at` on the load is on, or off.
struct LoadStep {
  Instant at;
  bool on = false;
};

// Half-widths of 95 % intervals: a jackknife over blocks of time, Student's t.
struct StepResponse {
  // From the moment that a reading's power is centred on to the reading's `before` stamp, without what an
  // exponential average adds. Negative: the value is fetched after the stamp.
  Nanoseconds lag{}, lag_half_width{};
  // Of the exponential average, to 1/e. Not above its half-width: none is seen.
  Nanoseconds time_constant{}, time_constant_half_width{};
  Watts off{}, step{}, step_half_width{};
  double explained = 0;  // share of the readings' variance, 0 to 1
  std::size_t readings = 0;

  [[nodiscard]] bool averages() const { return time_constant > time_constant_half_width; }
};

// Lengths of stretches in which the load is off, on, off, ... for `length` in all: between 5 ms and 0.5 s at
// random, so that they keep step with no sensor and tell fast averages from slow ones.
std::vector<Nanoseconds> switching_plan(Nanoseconds length, std::uint64_t seed);

// `steps` in order of time, at least the first before `from`; readings of [from, to) count. Empty when there
// are too few readings or steps, or when the load does not move the rail clearly.
std::optional<StepResponse> step_response(const RailRecord& rail, std::span<const LoadStep> steps,
                                          Instant from, Instant to);

// Whether the channel's table explains what was found, oscillators being as far off as data sheets allow
// (10 % for an INA3221: TI SBOS576). Empty when the table does not say how the sensor averages.
std::optional<bool> agrees(const StepResponse& found, const Channel& channel);

}  // namespace layerwatt
