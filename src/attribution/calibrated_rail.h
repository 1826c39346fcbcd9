// SPDX-License-Identifier: Apache-2.0
// A rail whose readings were corrected by its calibration, before anything else is made of them: all that is
// linear in the readings then is of the true power. Pure.
#pragma once
#include <optional>

#include "timeline/timeline.h"

namespace layerwatt {

// Counters are not corrected: an offset of power has no place in a count of energy.
bool can_be_corrected(const RailRecord& rail);

// With each power, and the step of powers, as the calibration has it. Precondition: can_be_corrected().
RailRecord corrected(const RailRecord& rail);

}  // namespace layerwatt
