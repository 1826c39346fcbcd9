// SPDX-License-Identifier: Apache-2.0
// How long layers run in one inference, with what they run, and how much that varies. Where several run at
// once each moment is divided between them equally, so that times add up.
#pragma once
#include <cstddef>
#include <vector>

#include "attribution/execution.h"

namespace layerwatt {

struct LayerTime {
  double mean_us = 0, variance_us2 = 0;  // in one inference in which it ran
  // Time from begin to end, over `mean_us`, minus 1: 0 = always alone, 1 = always with one other.
  double excess = 0;
};

struct LayerTimes {
  std::vector<LayerTime> layers;
  // Layers of which none ever runs without the others. Ascending; each layer at most once.
  std::vector<std::vector<std::size_t>> inseparable;
  double together = 0;  // share of the time in layers in which more than one ran
  // Those that ran in order of their mean begin, inseparable ones one after another.
  std::vector<std::size_t> order;
};

LayerTimes layer_times(const Execution& execution, std::size_t layers);

}  // namespace layerwatt
