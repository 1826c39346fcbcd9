// SPDX-License-Identifier: Apache-2.0
// How near a profile is to the precision that was asked for, how many inferences that would take, and what
// else would help. Pure; the session that measures asks between blocks: docs/precision.md.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attribution/profile.h"

namespace layerwatt {

// Of the units, that must be as precise as asked.
inline constexpr double precise_share = 0.95;

// Of the headline rail. A unit is a layer, or several that are known only together. Half-widths are those of
// the relative 95 % interval over the energy: 0.05 is 5 %.
struct Precision {
  double target = 0;
  std::size_t units = 0, within = 0;    // within the target
  std::size_t groups = 0, grouped = 0;  // of units: more than one layer; layers in these
  // Units whose marks alone leave more than the target: no time helps them.
  std::size_t too_short = 0;
  bool lag_unsure = false;              // intervals do not allow for another lag: nothing is reached
  std::optional<double> half_width;     // that precise_share of the units are within; empty: not known
  std::optional<double> reachable;      // the same, however long one measures: what marks leave open
  std::optional<std::uint64_t> needed;  // inferences in all, about; empty: not known, or none are enough
  [[nodiscard]] bool reached() const;
};

Precision precision_of(const Profile& profile, double target);

// Leaves only what precision_of() looks at: who asks while measuring should not wait for the other rails.
void keep_headline_rail(Timeline& timeline);

// "41 of 64 within 5 %": for people who wait.
std::string brief(const Precision& precision);

// What was reached, and when it was not enough, what would help, most helpful first. Empty when the run was
// not asked for a precision, or by another method than forward. `rails` of the run.
std::vector<std::string> precision_notes(const Profile& profile, std::span<const RailRecord> rails);

}  // namespace layerwatt
