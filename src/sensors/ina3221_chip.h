// SPDX-License-Identifier: Apache-2.0
// What the TI INA3221 can be and give, whatever driver shows it: conversion times, quantum, ranges. Pure.
// Source: TI SBOS576 (INA3221 data sheet), register CONFIG; drivers/hwmon/ina3221.c.
#pragma once
#include <optional>
#include <string>

#include "core/result.h"
#include "core/units.h"

namespace layerwatt::ina3221 {

inline constexpr int channel_count = 3;

// "6-0040": bus and address of an I2C client, as Linux names the chip's folder.
bool is_client(const std::string& name);

// The time of one conversion, from what the hwmon driver shows. Empty when it does not follow:
// update_interval is in whole milliseconds, and kernels differ in whether `samples` counts in it.
std::optional<Nanoseconds> conversion_time(int enabled_channels, long long samples,
                                           long long update_interval);

// Time between two conversions of the same signal: shunt and bus of each enabled channel, in turn.
Nanoseconds cycle(int enabled_channels, Nanoseconds conversion);

// The step of power that one LSB of shunt voltage (40 uV) makes at this voltage.
Watts power_quantum(Ohms shunt, Volts bus);

// Values from files; malformed when no INA3221 can have measured them.
Result<Volts> volts_from_millivolts(long long value, const std::string& where);
Result<Amperes> amperes_from_milliamperes(long long value, const std::string& where);
Result<Watts> watts_from_milliwatts(long long value, const std::string& where);

}  // namespace layerwatt::ina3221
