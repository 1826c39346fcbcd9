// SPDX-License-Identifier: Apache-2.0
// A step beyond the papers' mapping, still without unmixing anything: a sensor sees a stretch of time, so a
// reading counts for every layer that ran in it, by the time that they share. A baseline: neighbours' power
// is averaged in, however long one measures.
#pragma once
#include "attribution/chronological_pieces.h"
#include "attribution/layer_powers.h"

namespace layerwatt {

// How long a reading looks back: one aperture, and N - 1 refreshes more when it averages N conversions (the
// INA3221 averages exponentially; a box of N is what its data sheet lets one expect). Empty when the sensor
// does not tell both.
std::optional<Nanoseconds> sensor_window(const Channel& channel);

// Readings of power over the sensor's window, which ends at the middle of the read; begins with the read when
// the read itself starts the conversion; is the read when the sensor's is not known. Counters from change to
// change. In order of both edges.
std::vector<ReadingWindow> sensor_windows(const RailRecord& rail, const PowerTrace& trace);

// A layer's power is the mean of all readings, weighted by the time that windows and layer share. Without
// intervals: windows overlap, so how readings scatter says little about how well their mean is known.
LayerPowers mean_by_overlap(const std::vector<ReadingWindow>& windows, const Execution& execution,
                            const Segments& segments, std::size_t layers);

}  // namespace layerwatt
