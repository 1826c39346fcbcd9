// SPDX-License-Identifier: Apache-2.0
// The papers' way to find the power of a layer: each reading belongs to the layer that ran at the moment of
// the reading, and a layer's power is the mean of its readings (Rodrigues 2017: marked layers; Holly 2020:
// layer times stacked from their means). Biased wherever the sensor averages, lags, or the layer is shorter
// than its aperture: docs/attribution.md says how much.
#pragma once
#include "attribution/chronological_pieces.h"
#include "attribution/layer_powers.h"

namespace layerwatt {

// A read happened at some moment of its window, any of them as likely as the other: a reading counts for each
// layer with the share of the window in which that layer ran. `segments` in order of begin.
//
// Intervals come from the scatter of a layer's readings. All readings of a layer may be rounded the same way,
// so they allow for one step of the sensor.
LayerPowers map_chronologically(const RailRecord& rail, const PowerTrace& trace, const Execution& execution,
                                const Segments& segments, std::size_t layers);

// The same of windows from elsewhere, in order and without overlap. `quantum`: the sensor's step.
LayerPowers map_chronologically(const std::vector<ReadingWindow>& windows, const Execution& execution,
                                const Segments& segments, std::size_t layers,
                                std::optional<Watts> quantum = std::nullopt);

}  // namespace layerwatt
