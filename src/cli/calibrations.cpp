// SPDX-License-Identifier: Apache-2.0
// See calibrations.h.
#include "cli/calibrations.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

#include "boards/board.h"
#include "calibration/calibration_file.h"
#include "cli/version.h"
#include "cli/whole_file.h"
#include "session/sensor_choice.h"

namespace layerwatt {

namespace {

constexpr const char* file_name = "calibrations.json";
constexpr const char* folder_of_root = "/var/lib/layerwatt";

std::optional<std::filesystem::path> absolute_folder(const char* value) {
  if (value == nullptr || *value != '/') return std::nullopt;
  return std::filesystem::path{value};
}

bool is_there(const std::filesystem::path& place) {
  std::error_code ignored;
  return !place.empty() && std::filesystem::exists(place, ignored);
}

}  // namespace

std::filesystem::path calibration_place(const char* xdg_data_home, const char* home, bool is_root) {
  if (const auto data = absolute_folder(xdg_data_home)) return *data / "layerwatt" / file_name;
  if (is_root) return std::filesystem::path{folder_of_root} / file_name;
  if (const auto folder = absolute_folder(home)) return *folder / ".local/share/layerwatt" / file_name;
  return {};
}

std::filesystem::path own_calibration_place() {
  return calibration_place(std::getenv("XDG_DATA_HOME"), std::getenv("HOME"), ::geteuid() == 0);
}

Result<std::vector<StoredCalibration>> load_calibrations(const std::filesystem::path& place) {
  std::error_code failure;
  const auto status = std::filesystem::status(place, failure);
  if (!std::filesystem::exists(status))
    return Error{Errc::not_found, place.string(),
                 "there is no such file; `layerwatt calibrate --save` makes one"};
  if (!std::filesystem::is_regular_file(status))
    return Error{Errc::malformed, place.string(), "is not a regular file"};
  if (const auto bytes = std::filesystem::file_size(place, failure);
      failure || bytes > longest_calibration_file)
    return Error{Errc::malformed, place.string(), "is too long to be a file of calibrations"};
  std::ifstream file{place, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Error{Errc::io, place.string(), "cannot be read"};
  return parse_calibrations(text.str(), place.string());
}

Result<std::vector<StoredCalibration>> calibrations_in_place(const std::filesystem::path& place) {
  if (!place.empty()) return load_calibrations(place);
  for (const std::filesystem::path& one :
       {own_calibration_place(), std::filesystem::path{folder_of_root} / file_name})
    if (is_there(one)) return load_calibrations(one);
  return std::vector<StoredCalibration>{};
}

Result<std::vector<StoredCalibration>> calibrations_on(const Machine& machine,
                                                       const std::filesystem::path& place) {
  if (machine.is_recorded() && place.empty()) return std::vector<StoredCalibration>{};
  return calibrations_in_place(place);
}

Result<void> save_calibrations(const std::vector<StoredCalibration>& stored,
                               const std::filesystem::path& place) {
  std::error_code failure;
  if (place.has_parent_path()) std::filesystem::create_directories(place.parent_path(), failure);
  if (failure) return system_error(failure.value(), place.parent_path().string(), "making the folder");
  auto file = WholeFile::create(place, true);
  if (!file) return file.error();
  (*file)->stream() << calibration_text(stored);
  return (*file)->keep();
}

Result<CalibrationPlace> place_to_save(const std::filesystem::path& named, bool simulated) {
  if (simulated && named.empty())
    return Error{Errc::unsupported, "--save",
                 "what is simulated is no calibration of this machine: name a file, as --save virtual.json"};
  const std::filesystem::path file = named.empty() ? own_calibration_place() : named;
  if (file.empty())
    return Error{Errc::not_found, "--save", "neither XDG_DATA_HOME nor HOME is set: name a file"};
  auto stored = load_calibrations(file);
  if (!stored && stored.error().code != Errc::not_found) return stored.error();
  return CalibrationPlace{file, stored ? std::move(*stored) : std::vector<StoredCalibration>{}};
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
  return text;
}

Circumstances provenance_of(const std::string& part, const Circumstances& circumstances, Origin origin) {
  Circumstances all;
  for (const char* key : {"board", "board.model", "kernel", "os", "os.l4t", "power_mode"})
    if (const auto known = circumstances.find(key); known != circumstances.end())
      all[part + "." + key] = known->second;
  all[part + ".written_by"] = std::string{"layerwatt "} + version;
  all[part + ".origin"] = name_of(origin);
  return all;
}

void add_calibration_option(CLI::App& command, std::filesystem::path& place) {
  command.add_option("--calibration", place,
                     "File of `layerwatt calibrate --save` [that of this machine, where there is one]");
}

FoundCalibration calibration_of(const std::vector<StoredCalibration>& stored, const std::string& board_id,
                                const SensorDriver& driver, const Sensor& sensor, const Channel& channel) {
  RailRecord rail;
  rail.sensor = driver.name;
  rail.device = sensor.device();
  rail.channel = channel;
  Circumstances circumstances{{"board.id", board_id}};
  const std::string device = rail.device.empty() ? rail.sensor : rail.device;
  for (const auto& [key, value] : sensor.mode())
    circumstances[fmt::format("sensor_mode.{}.{}", device, key)] = value;
  return find_calibration(stored, sensor_of(rail, circumstances));
}

std::string describe(const FoundCalibration& found) {
  if (!found.differs.empty()) return "there is a calibration, not applied: " + found.differs;
  if (found.fits == nullptr) return "";
  std::string text;
  if (const auto& line = found.fits->line)
    text = fmt::format("calibrated {} against {}", line->made, line->meter);
  if (const auto& loss = found.fits->supply_loss)
    text += fmt::format("{}loss before it known, {} against {}", text.empty() ? "" : "; ", loss->made,
                        loss->meter);
  if (const auto& response = found.fits->response; response && response->delay)
    text += fmt::format("{}{:.3g} +- {:.2g} ms late on {}", text.empty() ? "" : "; ",
                        seconds(response->delay->lag) * 1e3, seconds(response->delay->lag_half_width) * 1e3,
                        response->made);
  return text;
}

std::vector<Finding> calibration_findings(const Machine& machine,
                                          const std::vector<StoredCalibration>& stored) {
  const auto chosen = choose_sensors(machine, {}, {});
  if (!chosen || chosen->driver->origin != Origin::measured) return {};
  const auto board = recognise_board(machine);
  std::vector<Finding> findings;
  std::string without;
  for (const auto& sensor : chosen->sensors)
    for (const Channel& channel : with_board_facts(board, chosen->driver->name, sensor->device(),
                                                   sensor->mode(), sensor->channels())) {
      const FoundCalibration found =
          calibration_of(stored, board ? board->id : "", *chosen->driver, *sensor, channel);
      const std::string text = describe(found);
      const Severity severity = found.differs.empty() ? Severity::ok : Severity::warning;
      if (!text.empty()) findings.push_back({severity, "calibration of " + channel.rail, text, ""});
      if (found.fits == nullptr || !found.fits->line) without += (without.empty() ? "" : ", ") + channel.rail;
    }
  if (!without.empty())
    findings.push_back(
        {Severity::ok, "not calibrated: " + without,
         "absolute figures rest on data sheets there; `layerwatt calibrate --meter` finds gain "
         "and offset beside a meter",
         ""});
  return findings;
}

}  // namespace layerwatt
