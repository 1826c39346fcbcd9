// SPDX-License-Identifier: Apache-2.0
// Sorting out what ran. A run file can come from a killed writer or a damaged disk, so nothing is taken for
// granted.
#include "attribution/execution.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "attribution/concurrent_spans.h"
#include "attribution/plausible.h"
#include "attribution/turns.h"
#include "core/circumstances.h"
#include "core/large_pages.h"
#include "core/median.h"

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
// No preemption makes an inference this much longer than the median: the machine was suspended, or a clock
// was set, while it ran.
constexpr int stalled_times = 100;
constexpr Nanoseconds stalled_by = 1s;
constexpr std::size_t enough_to_compare = 3;

bool possible(const Inference& one) {
  return plausible(one.load_begin) && plausible(one.unload_end) && one.load_begin <= one.compute_begin &&
         one.compute_begin <= one.compute_end && one.compute_end <= one.unload_end &&
         one.load_begin < one.unload_end;
}

bool is_measured(const Inference& one) { return one.phase == Phase::latency || one.phase == Phase::energy; }

// Longer ones are stalled.
Nanoseconds longest_believed(const std::vector<Inference>& inferences) {
  std::vector<Nanoseconds> lengths;
  for (const Inference& one : inferences)
    if (is_measured(one) && possible(one)) lengths.push_back(whole(one));
  if (lengths.size() < enough_to_compare) return Nanoseconds::max();
  const Nanoseconds usual = median(std::move(lengths));
  return std::max(stalled_times * std::min(usual, Nanoseconds{1h}), usual + stalled_by);
}

bool earlier(const Inference& a, const Inference& b) { return a.load_begin < b.load_begin; }

struct Sorted {
  std::vector<std::uint32_t> place;  // in `energy`, of each inference of the timeline
  std::vector<bool> after_left_out;  // for each of `energy`: one before it was left out
};

struct Kept {
  std::uint32_t inference;  // of the timeline
  bool after_left_out;
};

bool ends_earlier(const Inference& a, const Inference& b) { return a.unload_end < b.unload_end; }

// Those that run, as one after the other begins; no more than may be in flight.
class Running {
 public:
  explicit Running(std::uint32_t most) : most_{most} {}
  bool begin(const Inference& one) {
    std::erase_if(ends_, [&](Instant end) { return end <= one.load_begin; });
    if (ends_.size() >= most_) return false;
    ends_.push_back(one.unload_end);
    return true;
  }

 private:
  std::size_t most_;
  std::vector<Instant> ends_;
};

// Fills latency and energy.
Sorted sort_inferences(const Timeline& timeline, Execution& execution) {
  std::vector<std::uint32_t> order, left_out_before(timeline.inferences.size());
  std::uint32_t left_out = 0;
  const Nanoseconds longest = longest_believed(timeline.inferences);
  for (std::uint32_t i = 0; i < timeline.inferences.size(); ++i) {
    const Inference& inference = timeline.inferences[i];
    left_out_before[i] = left_out;
    if (!is_measured(inference)) continue;
    if (!possible(inference) || whole(inference) > longest)
      ++left_out;
    else if (inference.phase == Phase::latency)
      execution.latency.push_back(inference);
    else
      order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return earlier(timeline.inferences[a], timeline.inferences[b]);
  });
  const auto& in_order = execution.in_flight > 1 ? ends_earlier : earlier;
  std::stable_sort(execution.latency.begin(), execution.latency.end(), in_order);
  Sorted sorted;
  sorted.place.assign(timeline.inferences.size(), none);
  std::uint32_t known = 0;
  Running running{execution.in_flight};
  std::vector<Kept> kept;
  for (const std::uint32_t i : order) {
    if (!running.begin(timeline.inferences[i])) {
      ++left_out;  // a runner runs no more than it was asked to at a time
      known = none;
      continue;
    }
    kept.push_back({i, left_out_before[i] != known});
    known = left_out_before[i];
  }
  if (execution.in_flight > 1)
    std::stable_sort(kept.begin(), kept.end(), [&](const Kept& a, const Kept& b) {
      return ends_earlier(timeline.inferences[a.inference], timeline.inferences[b.inference]);
    });
  for (const auto& [i, after_left_out] : kept) {
    sorted.after_left_out.push_back(after_left_out);
    sorted.place[i] = static_cast<std::uint32_t>(execution.energy.size());
    execution.energy.push_back(timeline.inferences[i]);
  }
  execution.impossible = left_out;
  return sorted;
}

// An inference that was left out drew power too: it is neither of the inferences around it nor a pause.
void find_blocks(const std::vector<bool>& after_left_out, Execution& execution) {
  for (std::size_t i = 0; i < execution.energy.size(); ++i) {
    if (i == 0 || execution.energy[i].block != execution.energy[i - 1].block || after_left_out[i])
      execution.blocks.push_back({i, i});
    execution.blocks.back().last = i + 1;
  }
}

struct Taken {
  std::vector<std::uint32_t> spans;  // of each of `energy`
  bool apart = true;                 // each begins when those before it have ended
};

// Looks at the spans as they stand when none is to be left out, cut or moved. Empty when one is, or there
// are none.
std::optional<Taken> look_at_spans(const Timeline& timeline, const std::vector<std::uint32_t>& place,
                                   Execution& execution) {
  const auto place_of = [&](const LayerSpan& span) {
    return span.inference < place.size() ? place[span.inference] : none;
  };
  if (timeline.spans.empty() || place_of(timeline.spans.front()) == none) return std::nullopt;
  const std::uint32_t start = timeline.spans.front().inference, first = start - place[start];
  Taken taken{std::vector<std::uint32_t>(execution.energy.size()), true};
  Instant last_begin{}, last_end{};
  for (auto span = timeline.spans.begin(); span != timeline.spans.end();) {
    const std::uint32_t of = span->inference, at = of - first;
    if (place_of(*span) == none || place[of] != at) return std::nullopt;
    const Inference& inference = execution.energy[at];
    const auto first_of_these = span;
    last_begin = std::max(last_begin, inference.load_begin);
    for (; span != timeline.spans.end() && span->inference == of; ++span) {
      const bool fits = span->layer < timeline.layers.size() && last_begin <= span->begin &&
                        span->begin <= span->end && span->begin < inference.unload_end &&
                        span->end <= inference.unload_end;
      if (!fits) return std::nullopt;
      taken.apart = taken.apart && last_end <= span->begin;
      last_begin = span->begin;
      last_end = span->end;
    }
    taken.spans[at] += static_cast<std::uint32_t>(span - first_of_these);
  }
  execution.segments = {timeline.spans, first};
  return taken;
}

// Fills segments, whatever spans are like.
Taken copy_spans(const Timeline& timeline, const std::vector<std::uint32_t>& place, Execution& execution) {
  std::vector<Segment> segments;
  reserve_large(segments, timeline.spans.size());
  Taken taken{std::vector<std::uint32_t>(execution.energy.size()), true};
  bool in_order = true;
  Instant last_begin{}, last_end{};
  for (const LayerSpan& span : timeline.spans) {
    const bool known = span.layer < timeline.layers.size() && span.inference < place.size();
    if (!known || !plausible(span.begin) || !plausible(span.end) || span.end < span.begin) {
      ++execution.impossible;
      continue;
    }
    if (place[span.inference] == none) continue;
    const Inference& inference = execution.energy[place[span.inference]];
    if (span.end - span.begin > whole(inference) || span.begin >= inference.unload_end ||
        span.end < inference.load_begin) {
      ++execution.impossible;  // it never ended, or is of another inference
      continue;
    }
    // Marks of another clock may reach out a little.
    const Instant begin = std::max(span.begin, inference.load_begin),
                  end = std::min(span.end, inference.unload_end);
    in_order = in_order && last_begin <= begin;
    taken.apart = taken.apart && last_end <= begin;
    last_begin = begin;
    last_end = end;
    ++taken.spans[place[span.inference]];
    segments.push_back({span.layer, place[span.inference], begin, end});
  }
  const auto begins_earlier = [](const Segment& a, const Segment& b) { return a.begin < b.begin; };
  if (!in_order) std::stable_sort(segments.begin(), segments.end(), begins_earlier);
  execution.segments = std::move(segments);
  return taken;
}

// Marks can be lost to a full ring, a kill or damage. Then only inferences with the most common number of
// marks count.
void find_marked(bool lossy, const std::vector<std::uint32_t>& spans, Execution& execution) {
  std::uint32_t wanted = 0;
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

// From here on turns stand for the inferences in flight.
void take_turns(Execution& execution) {
  execution.latency_as_ran = std::move(execution.latency);
  execution.latency = turns_of(execution.latency_as_ran);
  execution.energy_as_ran = std::move(execution.energy);
  execution.energy = turns_of(execution.energy_as_ran);
  execution.marked = wholly_marked(execution.energy_as_ran, execution.energy, execution.marked);
  execution.marked_count =
      static_cast<std::size_t>(std::count(execution.marked.begin(), execution.marked.end(), true));
}

}  // namespace

std::vector<Segment> Segments::copy() const {
  std::vector<Segment> copied;
  reserve_large(copied, size());
  for (const Segment segment : *this) copied.push_back(segment);
  return copied;
}

Execution execution_of(const Timeline& timeline) {
  Execution execution;
  execution.in_flight = counted(timeline.circumstances, "in_flight");
  const Sorted sorted = sort_inferences(timeline, execution);
  find_blocks(sorted.after_left_out, execution);
  const std::size_t impossible_inferences = execution.impossible;
  const auto looked_at = look_at_spans(timeline, sorted.place, execution);
  const Taken taken = looked_at ? *looked_at : copy_spans(timeline, sorted.place, execution);
  const bool damaged = execution.impossible > impossible_inferences;
  find_marked(timeline.markers.dropped > 0 || !timeline.complete || damaged, taken.spans, execution);
  if (execution.in_flight > 1) take_turns(execution);
  if (!taken.apart || execution.in_flight > 1) resolve_overlaps(timeline.layers, execution);
  return execution;
}

}  // namespace layerwatt
