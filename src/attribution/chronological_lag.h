// SPDX-License-Identifier: Apache-2.0
// The papers' mapping with the one repair that shifting stamps can make: each reading goes to the layer that
// ran when the sensor looked, not when it was read. How long before the read that was must come from
// elsewhere.
#pragma once
#include "attribution/chronological_pieces.h"

namespace layerwatt {

// Readings of power as the moments that they show, `lag` before the middle of the read, or before its
// beginning where the read itself starts the conversion; which moment of the read that was, the lag has told.
// What a counter counted as stretches whose middle lies `lag` before their end in the median. In order.
std::vector<ReadingWindow> windows_before(const RailRecord& rail, const PowerTrace& trace, Nanoseconds lag);

}  // namespace layerwatt
