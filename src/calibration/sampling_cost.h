// SPDX-License-Identifier: Apache-2.0
// What reading a sensor costs, without a meter: the mean power while nothing runs, at several rates of
// reading, carried on to the rate zero. Pure.
#pragma once
#include <optional>
#include <span>

#include "core/units.h"

namespace layerwatt {

// A stretch of time in which the sensor was read at one rate.
struct RatePhase {
  double reads_per_s = 0;
  double middle_s = 0;  // since the first phase
  Watts power{};        // mean of what was read
  // Standard deviation of what the sensor's step may have added to that mean: the same in each phase of one
  // rate, so that no number of phases takes it away. rounding_of() has it.
  Watts rounding{};
};

// `spread`: standard deviation of the readings. Noise that is wide beside the step averages its rounding
// away.
Watts rounding_of(Watts step, Watts spread);

// Half-widths of 95 % intervals: by Student's t over the phases, and with what rounding adds.
struct SamplingCost {
  Joules a_read{}, a_read_half_width{};
  Watts without{}, without_half_width{};  // at the rate zero, in the middle of the phases
  Watts drift{}, drift_half_width{};      // from the first phase to the last
  // Of a column by the square of the rate, over its own standard error; and where that is as large as chance
  // makes it in 5 % of cases. Beyond it the cost is not in proportion to the rate.
  double curvature = 0, curvature_limit = 0;
  [[nodiscard]] bool is_linear() const {
    return curvature <= curvature_limit && curvature >= -curvature_limit;
  }
};

// Least squares over power = without + a_read x rate + drift x time. Empty for fewer than 6 phases, or rates
// that do not differ.
std::optional<SamplingCost> sampling_cost(std::span<const RatePhase> phases);

}  // namespace layerwatt
