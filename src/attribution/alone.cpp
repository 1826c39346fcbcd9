// SPDX-License-Identifier: Apache-2.0
// Two sums over layers; see alone.h.
#include "attribution/alone.h"

namespace layerwatt {

std::optional<AlonePart> alone_part(std::span<const LayerProfile> layers,
                                    const Circumstances& circumstances) {
  const auto said = circumstances.find("model.part");
  if (said == circumstances.end()) return std::nullopt;
  AlonePart part;
  part.what = said->second;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (layers[l].duration <= Nanoseconds{0}) continue;
    const bool reformat = is_reformat(layers[l].layer);
    (reformat ? part.reformat : part.layers).push_back(l);
    (reformat ? part.reformat_time : part.time) += layers[l].duration;
  }
  return part;
}

AloneEnergy alone_energy(const AlonePart& part, const LayerSums& sums) {
  return {energy_of(part.layers, sums), energy_of(part.reformat, sums)};
}

}  // namespace layerwatt
