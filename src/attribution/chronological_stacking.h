// SPDX-License-Identifier: Apache-2.0
// Where layers ran when nobody marked them live: layer times stacked from their means, as Holly 2020 had to
// do with TensorRT's profiler. For every method that can work on such a guess.
#pragma once
#include "attribution/inference_times.h"
#include "attribution/profile.h"

namespace layerwatt {

// Segments rebuilt from mean layer times, stacked from the start of each inference's computation in the order
// in which the layers ran. Time that the means leave over goes where `residual` says; a short inference cuts
// the last layers off.
std::vector<Segment> stacked_segments(const Execution& execution, const InferenceTimes& marked,
                                      Residual residual);

}  // namespace layerwatt
