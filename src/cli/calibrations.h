// SPDX-License-Identifier: Apache-2.0
// The calibrations of this machine as files: where they lie, reading and writing them, and what of them is in
// place for a rail. docs/calibration.md.
#pragma once
#include <filesystem>
#include <vector>

#include "calibration/stored_calibration.h"
#include "cli/command.h"
#include "sensors/sensor.h"
#include "session/machine_facts.h"

namespace layerwatt {

// Where this user's calibrations are kept: $XDG_DATA_HOME/layerwatt; else root's in /var/lib/layerwatt, and
// others' in $HOME/.local/share/layerwatt. Empty when nothing says where. Relative paths count as not set, as
// the XDG base directory specification 0.8 wants it.
std::filesystem::path calibration_place(const char* xdg_data_home, const char* home, bool is_root);
std::filesystem::path own_calibration_place();  // by the environment

// not_found: no such file. malformed and others: parse_calibrations().
Result<std::vector<StoredCalibration>> load_calibrations(const std::filesystem::path& place);
// Those of `place`; without one, this user's, else root's, where there are any.
Result<std::vector<StoredCalibration>> calibrations_in_place(const std::filesystem::path& place);
// The same for a machine that may be a recorded one, of which this machine's are not.
Result<std::vector<StoredCalibration>> calibrations_on(const Machine& machine,
                                                       const std::filesystem::path& place);
// Makes the folder where it is missing, and the file in one step, so that nobody sees half.
Result<void> save_calibrations(const std::vector<StoredCalibration>& stored,
                               const std::filesystem::path& place);

// Where what is found goes to, and what is there already.
struct CalibrationPlace {
  std::filesystem::path file;
  std::vector<StoredCalibration> stored;
};
// For --save, before anything is measured, so that nothing is measured in vain. `named`: empty = this
// machine's, where nothing simulated belongs.
Result<CalibrationPlace> place_to_save(const std::filesystem::path& named, bool simulated);

std::string utc_now();  // "2026-11-22 04:35 UTC"
// What is kept of the circumstances of a part, "line" or another, beside the sensor's own: "line.kernel".
Circumstances provenance_of(const std::string& part, const Circumstances& circumstances, Origin origin);

// --calibration FILE
void add_calibration_option(CLI::App& command, std::filesystem::path& place);

// What a run would find of this channel of a sensor.
FoundCalibration calibration_of(const std::vector<StoredCalibration>& stored, const std::string& board_id,
                                const SensorDriver& driver, const Sensor& sensor, const Channel& channel);
// "calibrated 2026-11-22 04:35 UTC against csv:/dev/ttyUSB0"; why it is not; empty when there is nothing.
std::string describe(const FoundCalibration& found);

// For `layerwatt doctor`: of the sensors that a profile would read.
std::vector<Finding> calibration_findings(const Machine& machine,
                                          const std::vector<StoredCalibration>& stored);

}  // namespace layerwatt
