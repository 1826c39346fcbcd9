// SPDX-License-Identifier: Apache-2.0
// What sensors under /sys have in common: numbers in millionths of a unit, labels, and why a file cannot be
// used. Facts: Linux, Documentation/hwmon/sysfs-interface.rst, Documentation/ABI/testing/sysfs-class-powercap
// and sysfs-class-power.
#pragma once
#include <string>

#include "core/result.h"
#include "core/units.h"
#include "sensors/sensor.h"

namespace layerwatt::sysfs {

// malformed when no machine that runs a network could draw or have drawn that much.
Result<Watts> watts_from_microwatts(long long value, const std::string& where);
// malformed when negative: counters start at 0.
Result<Joules> joules_from_microjoules(long long value, const std::string& where);

// 1 to 64 printable characters without spaces: what may become the name of a rail.
bool is_label(const std::string& text);

// What a user can do to read a file that only root may, and what that means for others.
std::string to_be_allowed(const std::string& file);

// Why `what` is not used, with what the user can do about it.
Skipped skipped(const std::string& what, const Error& error);

// A read that failed for the moment only: the sensor is there.
bool passes(const Error& error);

}  // namespace layerwatt::sysfs
