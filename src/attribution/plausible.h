// SPDX-License-Identifier: Apache-2.0
// Stamps that arithmetic can work on. A damaged run file may hold any 64-bit number; differences of those
// overflow.
#pragma once
#include <algorithm>

#include "core/clock.h"

namespace layerwatt {

// CLOCK_MONOTONIC_RAW counts from boot: neither negative nor beyond nine years. Twenty times that still fits.
constexpr bool plausible(Instant when) {
  return when >= Instant{} && when.time_since_epoch() < Nanoseconds{std::int64_t{1} << 58};
}

// No sensor averages over, and no sampler waits for, more than an hour.
constexpr Nanoseconds bounded(Nanoseconds t) {
  return std::clamp(t, Nanoseconds{0}, Nanoseconds{std::chrono::hours{1}});
}

}  // namespace layerwatt
