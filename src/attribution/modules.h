// SPDX-License-Identifier: Apache-2.0
// Energies of layers taken together: of modules, and of layers that contain others. Sums, with the interval
// that the errors of their parts have together; nothing is fitted here.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attribution/execution.h"
#include "attribution/profile.h"

namespace layerwatt {

// What all layers of a rail cost in one inference.
struct LayerSums {
  std::span<const LayerEnergy> energies;
  std::span<const Nanoseconds> durations;
  // Of the errors of the layers' powers, W^2, row by row; empty when it is not known.
  std::span<const double> covariance;
};

// Of `layers` together, each once. Empty when the energy of one of them is not known; without an interval
// when the covariance is not. Neighbours' errors are opposite, so the interval is mostly narrower than the
// layers' own would add up to.
std::optional<Estimate<Joules>> energy_of(std::span<const std::size_t> layers, const LayerSums& sums);

// Every module that layers name, in order of its first layer, then every layer that contains others, under
// its own name with all its parts. Modules of which no layer ran are left out.
std::vector<ModuleEnergy> modules_of(std::span<const Layer> layers, std::span<const Nesting> nestings,
                                     const LayerSums& sums);

// The same for layers in other groups, each layer in the one that `names` has for it; "" = in none.
std::vector<ModuleEnergy> groups_of(std::span<const std::string> names, const LayerSums& sums);

}  // namespace layerwatt
