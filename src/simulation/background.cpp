// SPDX-License-Identifier: Apache-2.0
// The exact discretisation of an Ornstein-Uhlenbeck process: x' = a x + sqrt(1 - a^2) sd n, a =
// exp(-step/time).
#include "simulation/background.h"

#include <algorithm>
#include <cmath>

namespace layerwatt::simulation {

Background::Background(const BackgroundSettings& settings, Random random)
    : settings_{settings},
      random_{random},
      kept_{settings.correlation.count() > 0 ? portable_exp(-std::min(step / settings.correlation, 600.0))
                                             : 0},
      added_{std::sqrt(1 - kept_ * kept_)},
      burst_chance_{settings.bursts_per_second * seconds(step)},
      burst_steps_{static_cast<std::uint64_t>(std::max(settings.burst_length / step + 0.5, 1.0))},
      wandering_{settings.deviation * random_.normal()} {}

Watts Background::next() {
  const Watts now = wandering_;
  if (settings_.deviation.value() > 0)
    wandering_ = kept_ * wandering_ + settings_.deviation * (added_ * random_.normal());
  return burst_chance_ > 0 ? now + next_burst() : now;
}

// Bursts that overlap run on as one.
Watts Background::next_burst() {
  if (random_.uniform() < burst_chance_) burst_left_ = burst_steps_;
  if (burst_left_ == 0) return Watts{};
  --burst_left_;
  return settings_.burst;
}

}  // namespace layerwatt::simulation
