// SPDX-License-Identifier: Apache-2.0
// The second interval of every energy, the absolute one: the relative interval, and what the sensor may be
// off in all its readings alike. Pure. Rules, divisors and sources: docs/uncertainty.md.
#pragma once
#include <span>

#include "attribution/profile.h"

namespace layerwatt {

// Runs, the shown one included, from which the scatter between runs is taken.
inline constexpr std::size_t fewest_runs = 5;

// Draws up the budget of every rail and sets all absolute intervals. `others`: further runs of the same
// thing, attributed in the same way; with fewest_runs - 1 or more the scatter between runs is part of the
// budget. unsupported: one of them is of another network, rail or setting, or the same run again.
Result<void> assess_uncertainty(Profile& profile, std::span<const Profile> others = {});

}  // namespace layerwatt
