// SPDX-License-Identifier: Apache-2.0
// `layerwatt calibrate --save` without a meter: how rails followed the load, kept for later runs.
#pragma once
#include <string>
#include <vector>

#include "cli/calibration_reports.h"
#include "cli/calibrations.h"

namespace layerwatt {

// Empty when the rail told neither how it follows nor how often it is new.
std::optional<MeasuredResponse> measured_response(const RailResponse& found, const std::string& made);

// Of the sensors of a driver, or of virtual:BOARD. The rails' names. not_found: none told anything.
Result<std::string> keep_responses(const std::vector<RailResponse>& responses, const std::string& sensor,
                                   const std::string& load, CalibrationPlace& place);

}  // namespace layerwatt
