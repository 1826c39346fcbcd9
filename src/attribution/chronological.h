// SPDX-License-Identifier: Apache-2.0
// The papers' way to find the power of a layer: each reading belongs to the layer that ran at the moment of
// the reading, and a layer's power is the mean of its readings (Rodrigues 2017: marked layers; Holly 2020:
// layer times stacked from their means). Biased wherever the sensor averages, lags, or the layer is shorter
// than its aperture: docs/attribution.md says how much.
#pragma once
#include "attribution/inference_times.h"
#include "attribution/layer_powers.h"
#include "attribution/power_trace.h"
#include "attribution/profile.h"

namespace layerwatt {

// Segments rebuilt from mean layer times, stacked from the start of each inference's computation in the order
// in which the layers ran. Time that the means leave over goes where `residual` says; a short inference cuts
// the last layers off.
std::vector<Segment> stacked_segments(const Execution& execution, const InferenceTimes& marked,
                                      Residual residual);

// `segments` in order of begin, without overlap. Counters are split over layers in proportion to time. All
// readings of a layer may be rounded the same way, so intervals allow for one step of the sensor, `quantum`.
LayerPowers map_chronologically(const PowerTrace& trace, const Execution& execution,
                                const std::vector<Segment>& segments, std::size_t layers,
                                std::optional<Watts> quantum = std::nullopt);

}  // namespace layerwatt
