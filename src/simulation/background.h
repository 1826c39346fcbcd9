// SPDX-License-Identifier: Apache-2.0
// What else the board does while a network runs: power that wanders (Ornstein-Uhlenbeck) and, rarely, bursts.
#pragma once
#include "simulation/random.h"
#include "simulation/true_power.h"

namespace layerwatt::simulation {

struct BackgroundSettings {
  Watts deviation{};        // standard deviation of the wandering part
  Moment correlation{3e6};  // its correlation time
  double bursts_per_second = 0;
  Watts burst{0.6};
  Moment burst_length{5e6};
};

// One value for each step of a fixed grid; the first comes from the stationary distribution.
class Background {
 public:
  static constexpr Moment step{100'000};  // short against any correlation time that layers could feel

  Background(const BackgroundSettings& settings, Random random);
  Watts next();

 private:
  Watts next_burst();

  BackgroundSettings settings_;
  Random random_;
  double kept_, added_;
  double burst_chance_;
  std::uint64_t burst_steps_;
  std::uint64_t burst_left_ = 0;
  Watts wandering_;
};

}  // namespace layerwatt::simulation
