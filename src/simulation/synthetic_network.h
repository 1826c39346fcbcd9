// SPDX-License-Identifier: Apache-2.0
// Made-up networks: how long each layer takes and what it draws. Shapes of docs/scenario-format.md.
#pragma once
#include "simulation/random.h"
#include "simulation/scenario.h"

namespace layerwatt::simulation {

struct SyntheticNetwork {
  std::vector<Moment> durations;
  std::vector<Watts> powers;  // idle included
};

SyntheticNetwork make_network(const NetworkSettings& settings, Random& random);

// Another rail's powers for the same layers, drawn anew.
std::vector<Watts> make_powers(const NetworkSettings& settings, Random& random);

}  // namespace layerwatt::simulation
