// SPDX-License-Identifier: Apache-2.0
// The calibrations of a machine as text: JSON, described in docs/calibration.md. It may come from anywhere,
// or from an editor: every value is checked. No files here.
#pragma once
#include <string>
#include <vector>

#include "calibration/stored_calibration.h"
#include "core/result.h"

namespace layerwatt {

inline constexpr std::size_t longest_calibration_file = 1 << 20;  // bytes

std::string calibration_text(const std::vector<StoredCalibration>& stored);

// malformed, with the place in the text: no JSON, too long, a value missing, of another type or out of range,
// the same sensor twice. unsupported: another schema.
Result<std::vector<StoredCalibration>> parse_calibrations(const std::string& text, const std::string& where);

}  // namespace layerwatt
