// SPDX-License-Identifier: Apache-2.0
// Durations as people type them: "20s", "1.5ms", "250us", "2min".
#pragma once
#include <string>

#include "core/result.h"
#include "core/units.h"

namespace layerwatt {

// Units: ns us ms s min h. malformed without a unit, with a negative number, or beyond 30 days.
Result<Nanoseconds> parse_duration(const std::string& text);

}  // namespace layerwatt
