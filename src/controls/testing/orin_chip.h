// SPDX-License-Identifier: Apache-2.0
// For tests: where an Orin Nano has its sensor.
#pragma once
#include <string>

namespace layerwatt {

inline const std::string chip = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/";
inline const std::string samples = chip + "samples";

}  // namespace layerwatt
