// SPDX-License-Identifier: Apache-2.0
// One layer after the other; see chronological_stacking.h.
#include "attribution/chronological_stacking.h"

#include <algorithm>
#include <numeric>

namespace layerwatt {

namespace {

// The order in which layers ran: by their mean place in the inference.
std::vector<std::uint32_t> order_of_layers(const Execution& execution, std::size_t layers) {
  std::vector<double> place(layers), runs(layers);
  for (const Segment segment : execution.segments) {
    place[segment.layer] += seconds(segment.begin - execution.energy[segment.inference].compute_begin);
    ++runs[segment.layer];
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t l = 0; l < layers; ++l)
    if (runs[l] > 0) order.push_back(l);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return place[a] / runs[a] < place[b] / runs[b]; });
  return order;
}

}  // namespace

std::vector<Segment> stacked_segments(const Execution& execution, const InferenceTimes& marked,
                                      Residual residual) {
  const auto order = order_of_layers(execution, marked.layers.size());
  const Nanoseconds stack = std::accumulate(marked.layers.begin(), marked.layers.end(), Nanoseconds{0});
  std::vector<Segment> segments;
  segments.reserve(execution.marked_count * order.size());
  for (std::uint32_t i = 0; i < execution.energy.size(); ++i) {
    if (!execution.marked[i] || order.empty()) continue;
    const Inference& inference = execution.energy[i];
    const Nanoseconds left_over = std::max(Nanoseconds{0}, compute(inference) - stack);
    const Nanoseconds after_each = residual == Residual::spread
                                       ? left_over / static_cast<Nanoseconds::rep>(order.size())
                                       : Nanoseconds{0};
    Instant at = inference.compute_begin + (residual == Residual::start ? left_over : Nanoseconds{0});
    for (const std::uint32_t layer : order) {
      const Instant end = std::min(at + marked.layers[layer], inference.compute_end);
      if (end > at) segments.push_back({layer, i, at, end});
      at = std::min(end + after_each, inference.compute_end);
    }
  }
  return segments;
}

}  // namespace layerwatt
