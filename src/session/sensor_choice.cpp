// SPDX-License-Identifier: Apache-2.0
// The walk through the drivers in order of preference; see sensor_choice.h.
#include "session/sensor_choice.h"

#include <algorithm>

#include "session/machine_facts.h"

namespace layerwatt {

bool is_chosen_by_itself(const SensorDriver& driver) {
  for (const SensorDriver* one : sensor_drivers()) {
    if (one == &driver) return true;
    if (one->origin == Origin::estimated) return false;
  }
  return false;
}

std::map<std::string, std::string> modes_of(const ChosenSensors& chosen) {
  std::map<std::string, std::string> modes;
  for (const auto& sensor : chosen.sensors)
    for (const auto& [key, value] : sensor->mode())
      modes[(sensor->device().empty() ? std::string{chosen.driver->name} : sensor->device()) + "." + key] =
          value;
  return modes;
}

std::map<std::string, std::string> circumstances_with(const Machine& machine, const std::string& driver) {
  std::map<std::string, std::string> all = gather_circumstances(machine);
  if (const auto chosen = choose_sensors(machine, {}, driver))
    for (auto& [key, value] : modes_of(*chosen)) all["sensor_mode." + key] = value;
  return all;
}

Result<ChosenSensors> choose_sensors(const Machine& machine, const Workload& workload,
                                     const std::string& name) {
  std::string known, reasons;
  for (const SensorDriver* driver : sensor_drivers()) {
    known += (known.empty() ? "" : ", ") + std::string{driver->name};
    if (!name.empty() && name != driver->name) continue;
    Found found = driver->probe(machine, workload);
    if (!found.sensors.empty()) return ChosenSensors{driver, std::move(found.sensors)};
    for (const Skipped& skipped : found.skipped) {
      reasons += "\n  " + skipped.what + ": " + skipped.why;
      if (!skipped.remedy.empty()) reasons += " (" + skipped.remedy + ")";
    }
    if (name == driver->name)
      return Error{Errc::not_found, "sensor " + name, "this machine has none that can be read" + reasons};
  }
  if (!name.empty())
    return Error{Errc::not_found, "sensor " + name, "unknown; there are " + known + " and virtual:BOARD"};
  return Error{Errc::not_found, "sensors", "this machine has none that can be read" + reasons};
}

Result<std::vector<ChosenSensors>> choose_all_sensors(const Machine& machine, const Workload& workload,
                                                      const std::string& names) {
  std::vector<ChosenSensors> all;
  for (std::size_t from = 0; from <= names.size();) {
    const std::size_t to = std::min(names.find(',', from), names.size());
    const std::string name = names.substr(from, to - from);
    from = to + 1;
    const bool twice = std::any_of(all.begin(), all.end(),
                                   [&](const ChosenSensors& one) { return one.driver->name == name; });
    if (twice || (name.empty() && !names.empty()))
      return Error{Errc::malformed, "sensor " + names, "name each driver once, with commas between them"};
    auto chosen = choose_sensors(machine, workload, name);
    if (!chosen) return chosen.error();
    all.push_back(std::move(*chosen));
  }
  return all;
}

}  // namespace layerwatt
