// SPDX-License-Identifier: Apache-2.0
// Do inferences always meet the sensor at the same phase of its cycle? Then some layers are never looked at
// alone, however long one measures.
#pragma once
#include <cstddef>
#include <span>

namespace layerwatt {

struct PhaseLock {
  double strength = 0;     // |mean exp(2 pi i phase)|: 0 = even, 1 = always the same
  double largest_gap = 0;  // share of the cycle that no inference began in
  std::size_t count = 0;   // of inferences
};

// Phase of each beginning between the two readings around it. Both ascending, us. Zeros when there are fewer
// than two of either.
PhaseLock phase_lock(std::span<const double> begin_us, std::span<const double> stamp_us);

// `aperture_share`: of the cycle that one reading sees.
bool is_locked(const PhaseLock& lock, double aperture_share);

}  // namespace layerwatt
