// SPDX-License-Identifier: Apache-2.0
// The split that needs no readings of layers: every layer draws the mean power, so energy goes by time. What
// an estimate from CPU time amounts to, and the baseline that any real method must beat.
#pragma once
#include "attribution/layer_powers.h"

namespace layerwatt {

inline LayerPowers time_proportional(std::size_t layers, Watts mean) {
  LayerPowers powers;
  powers.layers.assign(layers, {mean, std::nullopt, 0});
  powers.between.mean = mean;
  return powers;
}

}  // namespace layerwatt
