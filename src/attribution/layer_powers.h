// SPDX-License-Identifier: Apache-2.0
// What a method of attribution finds out about one rail: the power of each layer, and of the time between
// them. Energies, rescaling and conservation are the same for every method and follow from it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"

namespace layerwatt {

struct LayerPower {
  std::optional<Watts> mean;        // empty when nothing was read in it
  std::optional<Watts> half_width;  // of the 95 % interval; empty when there is none
  std::size_t readings = 0;
};

struct LayerPowers {
  std::vector<LayerPower> layers;
  LayerPower between;              // loading, unloading and between layers
  std::vector<std::string> notes;  // sentences on this rail that a reader must know
};

}  // namespace layerwatt
