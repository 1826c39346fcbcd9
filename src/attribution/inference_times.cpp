// SPDX-License-Identifier: Apache-2.0
// Means of spans, and their rescaling to the latency without marks.
#include "attribution/inference_times.h"

#include <numeric>

namespace layerwatt {

namespace {

struct MeanInference {
  Nanoseconds load{}, compute{}, unload{};
};

MeanInference mean_inference(const std::vector<Inference>& inferences, const std::vector<bool>* chosen) {
  double load = 0, busy = 0, unload = 0, count = 0;
  for (std::size_t i = 0; i < inferences.size(); ++i) {
    if (chosen != nullptr && !(*chosen)[i]) continue;
    const Inference& one = inferences[i];
    load += seconds(one.compute_begin - one.load_begin);
    busy += seconds(compute(one));
    unload += seconds(one.unload_end - one.compute_end);
    ++count;
  }
  return {from_seconds(load / count), from_seconds(busy / count), from_seconds(unload / count)};
}

Nanoseconds sum(const std::vector<Nanoseconds>& durations) {
  return std::accumulate(durations.begin(), durations.end(), Nanoseconds{0});
}

// In marked inferences, all together.
std::vector<double> owned_seconds(const Execution& execution, std::size_t layers,
                                  std::span<const Distribution> runs) {
  std::vector<Nanoseconds> spent(layers);
  const bool all_marked = execution.marked_count == execution.energy.size();
  if (all_marked && execution.spans.empty() && !runs.empty())
    for (std::size_t l = 0; l < layers; ++l) spent[l] = runs[l].sum;
  else
    for (const Segment segment : execution.segments)
      if (execution.marked[segment.inference]) spent[segment.layer] += segment.end - segment.begin;
  std::vector<double> in_seconds;
  for (const Nanoseconds time : spent) in_seconds.push_back(seconds(time));
  return in_seconds;
}

std::vector<double> shared_seconds(const Execution& execution, std::size_t layers) {
  std::vector<double> spent(layers);
  for (const Stretch& stretch : execution.stretches) {
    if (!execution.marked[stretch.inference]) continue;
    const double part = seconds(stretch.end - stretch.begin) / stretch.count;
    for (std::uint32_t i = 0; i < stretch.count; ++i) spent[execution.running[stretch.first + i]] += part;
  }
  return spent;
}

void scale_layers(InferenceTimes& times, double factor) {
  for (Nanoseconds& layer : times.layers) layer = from_seconds(seconds(layer) * factor);
}

}  // namespace

Nanoseconds InferenceTimes::whole() const { return between() + sum(layers); }

InferenceTimes marked_times(const Execution& execution, std::size_t layers, Moments moments,
                            std::span<const Distribution> runs) {
  InferenceTimes times;
  times.layers.resize(layers);
  if (execution.energy.empty()) return times;
  const bool any = execution.marked_count > 0;
  const MeanInference mean = mean_inference(execution.energy, any ? &execution.marked : nullptr);
  const std::vector<double> spent = moments == Moments::shared && execution.overlapping
                                        ? shared_seconds(execution, layers)
                                        : owned_seconds(execution, layers, runs);
  for (std::size_t l = 0; any && l < layers; ++l)
    times.layers[l] = from_seconds(spent[l] / static_cast<double>(execution.marked_count));
  times.load = mean.load;
  times.unload = mean.unload;
  times.gap = mean.compute - sum(times.layers);
  return times;
}

InferenceTimes unmarked_times(const InferenceTimes& marked, const std::vector<Inference>& latency) {
  if (latency.empty()) return marked;
  const MeanInference mean = mean_inference(latency, nullptr);
  const Nanoseconds in_layers = sum(marked.layers), marked_compute = in_layers + marked.gap;
  InferenceTimes times = marked;
  times.load = mean.load;
  times.unload = mean.unload;
  const bool marks_were_faster = mean.compute > marked_compute && marked_compute > Nanoseconds{0};
  const bool layers_too_long = mean.compute < in_layers;
  if (marks_were_faster)
    scale_layers(times, seconds(mean.compute) / seconds(marked_compute));
  else if (layers_too_long)
    scale_layers(times, seconds(mean.compute) / seconds(in_layers));
  times.gap = mean.compute - sum(times.layers);
  return times;
}

}  // namespace layerwatt
