// SPDX-License-Identifier: Apache-2.0
// `layerwatt calibrate --meter`: reads beside a meter, says what it found, and keeps it where that is asked
// for.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "calibration/stored_calibration.h"
#include "cli/command.h"
#include "cli/meter_reports.h"
#include "session/metered_run.h"

namespace layerwatt {

struct MeteredCalibration {
  MeteredOptions options;
  std::string meter_rail;                 // of the meter
  std::string measures;                   // rail of the sensor that the meter measures; empty: the supply
  std::optional<MeterAccuracy> accuracy;  // of the meter; empty: not known
  bool save = false;
  std::filesystem::path place;  // to save in; empty: this machine's
  bool json = false, quiet = false;
};

// "0.05%", "0.05%+2mW": largest relative error, and largest offset.
Result<MeterAccuracy> parse_meter_accuracy(const std::string& text);

// What there is to keep: of the rail that the meter measures its line; without one, of the total rail what is
// lost before it. not_found: neither is there. malformed: the line is not that of a sensor.
Result<std::vector<StoredCalibration>> calibrations_from(const MeterFound& found, const MeteredRun& run,
                                                         const MeteredCalibration& asked,
                                                         const std::string& made);

// Gives the exit code.
int calibrate_beside_meter(MeteredCalibration asked, Terminal& terminal);

}  // namespace layerwatt
