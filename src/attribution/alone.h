// SPDX-License-Identifier: Apache-2.0
// Layers that run alone: a network that was cut out of another, or made for one layer, as its file says. What
// the engine puts in to bring values into its own order in memory, and back, would be shared with neighbours
// in the whole network: it is no part of the layers, and is summed by itself.
#pragma once
#include <span>

#include "attribution/modules.h"
#include "attribution/profile.h"

namespace layerwatt {

// The engine put it in: it only changes the order of values in memory.
inline bool is_reformat(const Layer& layer) { return layer.type == "layout"; }

// Empty for a network that is no part: `circumstances` has no model.part. Layers that never ran are in
// neither list.
std::optional<AlonePart> alone_part(std::span<const LayerProfile> layers, const Circumstances& circumstances);

AloneEnergy alone_energy(const AlonePart& part, const LayerSums& sums);

}  // namespace layerwatt
