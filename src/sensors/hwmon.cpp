// SPDX-License-Identifier: Apache-2.0
// Monitoring chips of boards and power supplies that Linux shows as hwmon: INA219, INA226, INA238, PMBus,
// ACPI power meters and more. Graphics cards have a driver of their own, hwmon_gpu: they do not see a network
// that runs on the CPU. Facts: hwmon_chips.h.
#include "sensors/hwmon_chips.h"

namespace layerwatt {

namespace {

Found probe(const Machine& machine, const Workload&) {
  return hwmon::probe(machine, [](const std::string& name) { return !hwmon::is_gpu(name); });
}

}  // namespace

extern const SensorDriver hwmon_driver;
const SensorDriver hwmon_driver{"hwmon", "monitoring chips of boards and supplies (Linux hwmon)",
                                Origin::measured, probe};

}  // namespace layerwatt
