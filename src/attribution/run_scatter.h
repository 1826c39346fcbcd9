// SPDX-License-Identifier: Apache-2.0
// How much an energy differs from run to run: standard deviations over several runs of the same thing. Pure.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "attribution/profile.h"

namespace layerwatt {

// Standard deviations of one rail over `runs` runs; empty where a run does not know the energy.
struct RunScatter {
  std::size_t runs = 1;
  std::optional<Joules> inference, net;
  std::vector<std::optional<Joules>> layers;
  std::vector<std::optional<Joules>> joined;  // of the sums that the first run joins layers to
};

// One for each rail of `profile`, which counts as a run itself. unsupported: see assess_uncertainty().
Result<std::vector<RunScatter>> scatter_between(const Profile& profile, std::span<const Profile> others);

}  // namespace layerwatt
