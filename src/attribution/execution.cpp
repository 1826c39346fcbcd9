// SPDX-License-Identifier: Apache-2.0
// Sorting out what ran. A run file can come from a killed writer or a damaged disk, so nothing is taken for
// granted.
#include "attribution/execution.h"

#include <algorithm>
#include <limits>
#include <map>

#include "attribution/plausible.h"

namespace layerwatt {

namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

bool possible(const Inference& one) {
  return plausible(one.load_begin) && plausible(one.unload_end) && one.load_begin <= one.compute_begin &&
         one.compute_begin <= one.compute_end && one.compute_end <= one.unload_end &&
         one.load_begin < one.unload_end;
}

bool earlier(const Inference& a, const Inference& b) { return a.load_begin < b.load_begin; }

// Fills latency and energy; gives the place in `energy` of each inference of the timeline.
std::vector<std::uint32_t> sort_inferences(const Timeline& timeline, Execution& execution) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < timeline.inferences.size(); ++i) {
    const Inference& inference = timeline.inferences[i];
    if (inference.phase != Phase::latency && inference.phase != Phase::energy) continue;
    if (!possible(inference))
      ++execution.impossible;
    else if (inference.phase == Phase::latency)
      execution.latency.push_back(inference);
    else
      order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return earlier(timeline.inferences[a], timeline.inferences[b]);
  });
  std::stable_sort(execution.latency.begin(), execution.latency.end(), earlier);
  std::vector<std::uint32_t> place(timeline.inferences.size(), none);
  for (const std::uint32_t i : order) {
    if (!execution.energy.empty() && timeline.inferences[i].load_begin < execution.energy.back().unload_end) {
      ++execution.impossible;  // one runner runs one inference at a time
      continue;
    }
    place[i] = static_cast<std::uint32_t>(execution.energy.size());
    execution.energy.push_back(timeline.inferences[i]);
  }
  return place;
}

void find_blocks(Execution& execution) {
  for (std::size_t i = 0; i < execution.energy.size(); ++i) {
    if (i == 0 || execution.energy[i].block != execution.energy[i - 1].block)
      execution.blocks.push_back({i, i});
    execution.blocks.back().last = i + 1;
  }
}

void take_segments(const Timeline& timeline, const std::vector<std::uint32_t>& place, Execution& execution) {
  execution.segments.reserve(timeline.spans.size());
  for (const LayerSpan& span : timeline.spans) {
    const bool known = span.layer < timeline.layers.size() && span.inference < place.size();
    if (!known || !plausible(span.begin) || !plausible(span.end) || span.end < span.begin) {
      ++execution.impossible;
      continue;
    }
    if (place[span.inference] != none)
      execution.segments.push_back({span.begin, span.end, span.layer, place[span.inference]});
  }
  const auto begins_earlier = [](const Segment& a, const Segment& b) { return a.begin < b.begin; };
  if (!std::is_sorted(execution.segments.begin(), execution.segments.end(), begins_earlier))
    std::stable_sort(execution.segments.begin(), execution.segments.end(), begins_earlier);
  for (std::size_t i = 1; i < execution.segments.size(); ++i) {
    if (execution.segments[i].begin >= execution.segments[i - 1].end) continue;
    execution.overlapping = true;
    execution.segments[i - 1].end = execution.segments[i].begin;
  }
}

// Marks can be lost to a full ring or a kill. Then only inferences with the most common number of marks
// count.
void find_marked(const Timeline& timeline, Execution& execution) {
  std::vector<std::uint32_t> spans(execution.energy.size());
  for (const Segment& segment : execution.segments) ++spans[segment.inference];
  std::uint32_t wanted = 0;
  const bool lossy = timeline.markers.dropped > 0 || !timeline.complete;
  if (lossy) {
    std::map<std::uint32_t, std::size_t> counts;
    for (const std::uint32_t count : spans) ++counts[count];
    std::size_t best = 0;
    for (const auto& [count, inferences] : counts) {
      if (count == 0 || inferences < best) continue;
      best = inferences;
      wanted = count;
    }
  }
  execution.marked.resize(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    execution.marked[i] = lossy ? spans[i] == wanted && wanted > 0 : spans[i] > 0;
    if (execution.marked[i]) ++execution.marked_count;
  }
}

}  // namespace

Execution execution_of(const Timeline& timeline) {
  Execution execution;
  const auto place = sort_inferences(timeline, execution);
  find_blocks(execution);
  take_segments(timeline, place, execution);
  find_marked(timeline, execution);
  return execution;
}

}  // namespace layerwatt
