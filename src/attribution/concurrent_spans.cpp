// SPDX-License-Identifier: Apache-2.0
// One walk along begins and ends of the spans of each inference; see concurrent_spans.h. The rules are
// docs/attribution.md, "Layers that run at the same time, and modules".
#include "attribution/concurrent_spans.h"

#include <algorithm>
#include <map>
#include <set>

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

// Profilers write microseconds: neighbours that overlap by less are neighbours.
constexpr Nanoseconds rounding_of_marks = 1us;
constexpr double least_covered = 0.5;  // of a layer by its parts, to pass for their whole

using Pair = std::pair<std::uint32_t, std::uint32_t>;  // layers: part, whole

// In order of begin; of those that begin together the ones without time first, then the longest, so that a
// whole stands before its parts.
bool begins_earlier(const Segment& a, const Segment& b) {
  if (a.begin != b.begin) return a.begin < b.begin;
  const bool a_empty = a.end == a.begin, b_empty = b.end == b.begin;
  return a_empty != b_empty ? a_empty : a.end > b.end;
}

void trim_rounding(std::vector<Segment>& spans) {
  for (std::size_t i = 1; i < spans.size(); ++i) {
    Segment& before = spans[i - 1];
    const Segment& after = spans[i];
    const bool crossing = before.begin < after.begin && after.begin < before.end && before.end < after.end;
    if (crossing && before.end - after.begin <= rounding_of_marks) before.end = after.begin;
  }
}

bool any_overlap(const std::vector<Segment>& spans) {
  for (std::size_t i = 1; i < spans.size(); ++i)
    if (spans[i].begin < spans[i - 1].end) return true;
  return false;
}

// Walks along one inference's spans: calls open(span) when one begins and moment(from, to, active) for every
// stretch between two events, `active` in order of begin, its last the one begun last.
template <class Open, class Moment>
void walk(const Segments& spans, std::size_t first, std::size_t last, Open&& open, Moment&& moment) {
  std::vector<std::size_t> active;
  Instant at = spans[first].begin;
  const auto advance = [&](Instant to) {
    if (!active.empty()) moment(at, to, active);
    at = to;
  };
  const auto close_until = [&](Instant to) {
    while (!active.empty()) {
      auto next = active.begin();
      for (auto one = active.begin(); one != active.end(); ++one)
        if (spans[*one].end <= spans[*next].end) next = one;
      if (spans[*next].end > to) break;
      advance(spans[*next].end);
      active.erase(next);
    }
  };
  for (std::size_t i = first; i < last; ++i) {
    close_until(spans[i].begin);
    advance(spans[i].begin);
    open(i, active);
    active.push_back(i);
    if (spans[i].end == spans[i].begin) close_until(spans[i].end);
  }
  close_until(Instant::max());
}

// Calls use(first, last) for the spans of each inference.
template <class Use>
void by_inference(const Segments& spans, Use&& use) {
  for (std::size_t first = 0; first < spans.size();) {
    std::size_t last = first + 1;
    while (last < spans.size() && spans[last].inference == spans[first].inference) ++last;
    use(first, last);
    first = last;
  }
}

class Nestings {
 public:
  Nestings(const std::vector<Layer>& layers, const Execution& execution)
      : layers_{layers}, execution_{execution} {
    find_candidates();
    drop_doubtful();
  }
  [[nodiscard]] bool is_part(std::uint32_t part, std::uint32_t whole) const {
    return !parts_.empty() && parts_.contains({part, whole});
  }
  [[nodiscard]] std::vector<Nesting> found() const {
    std::map<std::uint32_t, Nesting> nestings;
    for (const auto& [part, whole] : parts_) {
      nestings[whole].whole = whole;
      nestings[whole].parts.push_back(part);
    }
    std::vector<Nesting> all;
    for (auto& [whole, nesting] : nestings) all.push_back(std::move(nesting));
    return all;
  }

 private:
  // Every run of a part lies within a run of its whole.
  void find_candidates() {
    std::map<Pair, std::size_t> inside;
    std::vector<std::size_t> runs(layers_.size());
    const Segments& spans = execution_.spans;
    const auto open = [&](std::size_t i, const std::vector<std::size_t>& active) {
      if (!execution_.marked[spans[i].inference] || spans[i].begin == spans[i].end) return;
      ++runs[spans[i].layer];
      for (const std::size_t outer : active) {
        const bool same = spans[outer].begin == spans[i].begin && spans[outer].end == spans[i].end;
        if (spans[outer].end < spans[i].end)
          crossing_.insert({spans[outer].layer, spans[i].layer});
        else if (!same && spans[outer].layer != spans[i].layer)
          ++inside[{spans[i].layer, spans[outer].layer}];
      }
    };
    by_inference(spans, [&](std::size_t first, std::size_t last) {
      walk(spans, first, last, open, [](Instant, Instant, const std::vector<std::size_t>&) {});
    });
    for (const auto& [pair, count] : inside)
      if (count == runs[pair.first] && !inside.contains({pair.second, pair.first})) parts_.insert(pair);
  }

  // A long layer beside which a short one always runs looks like a whole with its part. But a whole is with
  // its parts for most of its time, and does not end while another layer goes on. Names need no such proof.
  void drop_doubtful() {
    if (parts_.empty()) return;
    const std::vector<double> covered = covered_by_parts();
    std::vector<bool> crosses(layers_.size());
    for (const auto& [one, other] : crossing_) crosses[one] = crosses[other] = true;
    std::erase_if(parts_, [&](const Pair& pair) {
      const auto& [part, whole] = pair;
      const bool named = !layers_[part].module.empty() && layers_[part].module == layers_[whole].name;
      return !named && (crosses[whole] || covered[whole] < least_covered);
    });
  }

  // The share of each layer's time in which a part of it runs.
  [[nodiscard]] std::vector<double> covered_by_parts() const {
    std::vector<double> time(layers_.size()), covered(layers_.size());
    const Segments& spans = execution_.spans;
    const auto moment = [&](Instant from, Instant to, const std::vector<std::size_t>& active) {
      for (const std::size_t i : active) {
        time[spans[i].layer] += seconds(to - from);
        const bool by_part = std::any_of(active.begin(), active.end(), [&](std::size_t j) {
          return is_part(spans[j].layer, spans[i].layer);
        });
        if (by_part) covered[spans[i].layer] += seconds(to - from);
      }
    };
    by_inference(spans, [&](std::size_t first, std::size_t last) {
      walk(
          spans, first, last, [](std::size_t, const std::vector<std::size_t>&) {}, moment);
    });
    for (std::size_t l = 0; l < time.size(); ++l)
      if (time[l] > 0) covered[l] /= time[l];
    return covered;
  }

  const std::vector<Layer>& layers_;
  const Execution& execution_;
  std::set<Pair> parts_;
  std::set<Pair> crossing_;  // layers of which one began within the other and ended after it
};

// Fills segments, stretches and running from spans.
class Divider {
 public:
  Divider(const Nestings& nestings, Execution& execution) : nestings_{nestings}, execution_{execution} {}
  void divide() {
    const Segments& spans = execution_.spans;
    const auto open = [](std::size_t, const std::vector<std::size_t>&) {};
    const auto moment = [&](Instant from, Instant to, const std::vector<std::size_t>& active) {
      own(from, to, active.back(), spans[active.back()].inference);
      share(from, to, active, spans[active.back()].inference);
    };
    by_inference(spans, [&](std::size_t first, std::size_t last) {
      owner_ = spans.size();
      walk(spans, first, last, open, moment);
    });
    execution_.segments = std::move(segments_);
  }

  // With several inferences in flight: by turns, whosever spans they are. Precondition: spans are in order of
  // begin.
  void divide_turns() {
    const Segments& spans = execution_.spans;
    owner_ = spans.size();
    std::uint32_t turn = 0;
    const auto open = [](std::size_t, const std::vector<std::size_t>&) {};
    const auto moment = [&](Instant from, Instant to, const std::vector<std::size_t>& active) {
      while (from < to) {
        while (execution_.energy[turn].unload_end <= from) ++turn;
        const Instant until = std::min(to, execution_.energy[turn].unload_end);
        own(from, until, active.back(), turn);
        share(from, until, active, turn);
        from = until;
      }
    };
    if (!spans.empty()) walk(spans, 0, spans.size(), open, moment);
    execution_.segments = std::move(segments_);
  }

 private:
  void own(Instant from, Instant to, std::size_t span, std::uint32_t inference) {
    if (span == owner_ && segments_.back().end == from && segments_.back().inference == inference) {
      segments_.back().end = to;
      return;
    }
    owner_ = span;
    segments_.push_back({execution_.spans[span].layer, inference, from, to});
  }

  // Wholes rest while one of their parts runs. A layer that runs in several inferences at once counts for
  // each.
  void share(Instant from, Instant to, const std::vector<std::size_t>& active, std::uint32_t inference) {
    if (from == to) return;
    const Segments& spans = execution_.spans;
    finest_.clear();
    for (const std::size_t i : active) {
      const bool rests = std::any_of(active.begin(), active.end(), [&](std::size_t j) {
        return spans[j].inference == spans[i].inference && nestings_.is_part(spans[j].layer, spans[i].layer);
      });
      if (!rests) finest_.push_back(spans[i].layer);
    }
    std::sort(finest_.begin(), finest_.end());
    if (execution_.in_flight == 1) finest_.erase(std::unique(finest_.begin(), finest_.end()), finest_.end());
    if (finest_.size() > 1) execution_.overlapping = true;
    Execution& out = execution_;
    if (!out.stretches.empty()) {
      Stretch& last = out.stretches.back();
      const bool same =
          last.inference == inference && last.end == from && last.count == finest_.size() &&
          std::equal(finest_.begin(), finest_.end(), out.running.end() - last.count, out.running.end());
      if (same) {
        last.end = to;
        return;
      }
    }
    out.stretches.push_back({from, to, inference, static_cast<std::uint32_t>(out.running.size()),
                             static_cast<std::uint32_t>(finest_.size())});
    out.running.insert(out.running.end(), finest_.begin(), finest_.end());
  }

  const Nestings& nestings_;
  Execution& execution_;
  std::vector<Segment> segments_;
  std::size_t owner_ = 0;
  std::vector<std::uint32_t> finest_;
};

// Inference by inference, though they ran at the same time.
std::vector<Segment> one_after_the_other(std::vector<Segment> spans) {
  std::stable_sort(spans.begin(), spans.end(),
                   [](const Segment& a, const Segment& b) { return a.inference < b.inference; });
  return spans;
}

// Nestings are found inference by inference: only layers of one can be parts of each other.
void divide_turns(const std::vector<Layer>& layers, std::vector<Segment> spans, Execution& execution) {
  std::stable_sort(spans.begin(), spans.end(), begins_earlier);
  execution.spans = one_after_the_other(spans);
  const Nestings nestings{layers, execution};
  execution.nestings = nestings.found();
  execution.spans = std::move(spans);
  Divider{nestings, execution}.divide_turns();
}

void divide_inferences(const std::vector<Layer>& layers, std::vector<Segment> spans, Execution& execution) {
  if (!any_overlap(spans)) return;
  std::stable_sort(spans.begin(), spans.end(), begins_earlier);
  trim_rounding(spans);
  if (!any_overlap(spans)) {
    execution.segments = std::move(spans);
    return;
  }
  execution.spans = std::move(spans);
  const Nestings nestings{layers, execution};
  execution.nestings = nestings.found();
  Divider{nestings, execution}.divide();
}

}  // namespace

void resolve_overlaps(const std::vector<Layer>& layers, Execution& execution) {
  if (execution.in_flight > 1)
    divide_turns(layers, execution.segments.copy(), execution);
  else
    divide_inferences(layers, execution.segments.copy(), execution);
  if (execution.overlapping) return;
  execution.stretches.clear();  // then segments say it all
  execution.running.clear();
}

}  // namespace layerwatt
