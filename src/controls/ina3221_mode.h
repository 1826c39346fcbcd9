// SPDX-License-Identifier: Apache-2.0
// The INA3221 set to its fastest, un-averaged mode: what has to be written for it, through either driver.
// Only plans; controls.h writes. Sources as in sensors/ina3221.cpp.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "controls/control.h"
#include "core/units.h"
#include "sensors/ina3221_chip.h"

namespace layerwatt {

struct ModePlan {
  std::vector<Step> steps;  // in this order; none when all chips are set so already
  Nanoseconds settling{};   // until nothing of the former average is left in a reading
};

// Of all chips; with `rails`, of those that carry one of them, and on Linux' hwmon driver without their other
// channels. not_found: there is no INA3221, or no such rail. permission: a file may not be read.
Result<ModePlan> plan_fastest_ina3221(const Machine& machine, const std::vector<std::string>& rails);

// One chip as Linux' hwmon driver shows it.
struct HwmonChip {
  std::filesystem::path directory;
  long long samples = 1, interval = 0;  // as the files say
  std::array<bool, ina3221::channel_count> enabled{}, wanted{};
};

// What has to be written there, and how long its average takes to settle. Pure.
ModePlan plan_fastest(const HwmonChip& chip);

}  // namespace layerwatt
