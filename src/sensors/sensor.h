// SPDX-License-Identifier: Apache-2.0
// What every power source looks like to the rest of the program. Drivers do not log, sleep, start threads,
// take the time, cache or retry: the session does.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/machine.h"
#include "core/result.h"
#include "core/vocabulary.h"

namespace layerwatt {

class Sensor {
 public:
  virtual ~Sensor() = default;
  [[nodiscard]] virtual std::string device() const = 0;  // "6-0040"; empty when there is none
  [[nodiscard]] virtual std::span<const Channel> channels() const = 0;
  // How the sensor was found to be set, for the run file: {"samples", "64"}, {"running_mode", "continuous"}.
  [[nodiscard]] virtual std::map<std::string, std::string> mode() const { return {}; }
  // Takes one value now. No allocation on success. busy, timeout: try again; gone: it left; other: broken.
  virtual Result<Value> read(std::size_t channel) = 0;
};

// Seen, but not usable: shown by `layerwatt doctor` with what the user can do.
struct Skipped {
  std::string what, why, remedy;
};

struct Found {
  std::vector<std::unique_ptr<Sensor>> sensors;
  std::vector<Skipped> skipped;
};

// What is being measured, for sensors that need to know.
struct Workload {
  std::optional<int> process;  // id of the process that runs the network
};

struct SensorDriver {
  std::string_view name;     // file name, CLI name: "ina3221"
  std::string_view summary;  // one line for `layerwatt sensors`
  Origin origin;
  Found (*probe)(const Machine&, const Workload&);  // finding nothing is not an error
};

// In order of preference; made by add_sensor() lines in CMakeLists.txt.
std::span<const SensorDriver* const> sensor_drivers();
// Drivers this build lacks, and why.
std::vector<Skipped> sensors_left_out();

}  // namespace layerwatt
