// SPDX-License-Identifier: Apache-2.0
// For tests: moments of a run.
#pragma once
#include "timeline/timeline.h"

namespace layerwatt {

inline Instant at(std::int64_t nanoseconds) { return Instant{Nanoseconds{nanoseconds}}; }

}  // namespace layerwatt
