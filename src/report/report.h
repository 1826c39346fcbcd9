// SPDX-License-Identifier: Apache-2.0
// Ways to show a Profile. Pure: a profile goes in, text goes to a stream. Whoever calls opens and checks
// files.
#pragma once
#include <iosfwd>
#include <span>
#include <string_view>

#include "attribution/profile.h"

namespace layerwatt {

struct Style {
  bool colour = false;
  bool utf8 = false;  // bars and micro signs; ASCII otherwise
  int columns = 100;
  bool verbose = false;
  bool continued = false;    // rows go on below those of another run: no heading
  bool split_fused = false;  // below a fused layer its sources, by MACs: not measured
};

struct ReportDriver {
  std::string_view name;  // "terminal", "json", "csv", "features", "uncertainty"
  std::string_view summary;
  void (*write)(const Profile&, const Style&, std::ostream&);
};

std::span<const ReportDriver* const> report_drivers();    // made by add_report() lines
const ReportDriver* report_named(std::string_view name);  // null when there is none

// The words every title must carry: "" | "ESTIMATED, proportional to CPU time" | "SIMULATED ...".
std::string_view warning_title(const Profile& profile);

}  // namespace layerwatt
