// SPDX-License-Identifier: Apache-2.0
// What all reports share: finding one by name, and the warning in every title.
#include "report/report.h"

#include <algorithm>

#include "core/circumstances.h"

namespace layerwatt {

const ReportDriver* report_named(std::string_view name) {
  const auto drivers = report_drivers();
  const auto found = std::find_if(drivers.begin(), drivers.end(),
                                  [&](const ReportDriver* driver) { return driver->name == name; });
  return found == drivers.end() ? nullptr : *found;
}

std::string_view warning_title(const Profile& profile) {
  switch (profile.worst_origin) {
    case Origin::measured: return "";
    case Origin::estimated: return "ESTIMATED, proportional to CPU time";
    case Origin::simulated: break;
  }
  const std::string simulation = circumstance(profile.circumstances, "simulation");
  const auto says = [&](std::string_view word) { return simulation.find(word) != std::string::npos; };
  if (says("MADE UP")) return "SIMULATED: power is made up, as its source says, nothing was measured";
  return says("UNCALIBRATED") ? "SIMULATED and UNCALIBRATED: power and time come from a virtual board"
                              : "SIMULATED: power comes from a virtual board, nothing was measured";
}

}  // namespace layerwatt
