// SPDX-License-Identifier: Apache-2.0
// Power and energy of any chip under Linux' hwmon class, as its documented interface gives them. Knows no
// chip but the few whose timing the interface leaves out. Shared by the drivers hwmon and hwmon_gpu.
//
// Facts: Linux, Documentation/hwmon/sysfs-interface.rst (powerN_input, powerN_average: microwatts;
// powerN_average_interval, update_interval: milliseconds; energyN_input: microjoules), ina2xx.rst
// (update_interval holds all averaged conversions; the mean is renewed once in it), drivers/hwmon/ina2xx.c
// (INA219 is set to 0x399f) and ina238.c (0xfb6a); TI SBOS448, "Configuration register" (532 us a
// conversion).
#pragma once
#include <string>

#include "sensors/sensor.h"

namespace layerwatt::hwmon {

// A chip's `name` that is a graphics driver's.
bool is_gpu(const std::string& name);

// All chips that give power or energy and for whose name `wanted` is true, by their place in the machine.
Found probe(const Machine& machine, bool (*wanted)(const std::string& name));

}  // namespace layerwatt::hwmon
