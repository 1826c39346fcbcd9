// SPDX-License-Identifier: Apache-2.0
// Which sensors a session reads: real ones first, the estimate last, and never a simulation unasked.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/machine.h"
#include "core/result.h"
#include "sensors/sensor.h"

namespace layerwatt {

struct ChosenSensors {
  const SensorDriver* driver = nullptr;
  std::vector<std::unique_ptr<Sensor>> sensors;
};

// How they are set: "6-0040.samples" -> "64". The driver's name stands for a device that has none.
std::map<std::string, std::string> modes_of(const ChosenSensors& chosen);

// Facts of the machine and, as a run file names them, how the sensors of a driver are set.
std::map<std::string, std::string> circumstances_with(const Machine& machine, const std::string& driver);

// False for what stands behind the estimate, which is always found: sensors that do not see a network's
// layers on the CPU, read only when asked for.
bool is_chosen_by_itself(const SensorDriver& driver);

// `name`: a driver's name, or empty for the first driver that finds something. not_found says what each
// driver lacked and how to get it.
Result<ChosenSensors> choose_sensors(const Machine& machine, const Workload& workload,
                                     const std::string& name);

// The same for several drivers at once: "rapl,nvml". malformed: a name is missing or stands twice.
Result<std::vector<ChosenSensors>> choose_all_sensors(const Machine& machine, const Workload& workload,
                                                      const std::string& names);

}  // namespace layerwatt
