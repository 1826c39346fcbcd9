// SPDX-License-Identifier: Apache-2.0
// The sentences on calibrations: which powers were corrected, by what, and what they leave out.
#pragma once
#include <string>
#include <vector>

#include "attribution/profile.h"
#include "timeline/timeline.h"

namespace layerwatt {

std::vector<std::string> calibration_notes(const Profile& profile, const Timeline& timeline);

// Events::kind of a calibration that was there and not applied; the text says why.
inline constexpr const char* calibration_event = "calibration";

}  // namespace layerwatt
