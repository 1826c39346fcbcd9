// SPDX-License-Identifier: Apache-2.0
// The division of a session's time into phases; see profile_options.h.
#include "session/profile_options.h"

#include <algorithm>

namespace layerwatt {

using namespace std::chrono_literals;

PhaseBudget plan_phases(const ProfileOptions& options) {
  const bool counted = options.inferences || options.fastest_readings;
  const Nanoseconds whole = options.max_time.value_or(default_session);
  PhaseBudget budget;
  budget.idle = std::clamp<Nanoseconds>(whole / 16, 200ms, 5s);
  budget.warm_up = std::min<Nanoseconds>(whole / 8, 10s);
  budget.latency = std::min<Nanoseconds>(whole / 5, 20s);
  const auto without_the_rest = [&](Nanoseconds session) {
    return std::max<Nanoseconds>(session - 2 * budget.idle - budget.warm_up - budget.latency, 100ms);
  };
  if (!counted || options.max_time) budget.energy = without_the_rest(whole);
  if (!counted && !options.max_time && !options.precision.empty()) {
    budget.energy_in_vain = budget.energy;
    budget.energy = without_the_rest(longest_precise_session);
  }
  return budget;
}

Nanoseconds longest_gap(const std::vector<Channel>& channels) {
  Nanoseconds cycle{};
  for (const Channel& channel : channels) cycle = std::max(cycle, channel.refresh.value_or(Nanoseconds{}));
  return shortest_gap + std::clamp<Nanoseconds>(cycle, 1ms, longest_dither);
}

}  // namespace layerwatt
