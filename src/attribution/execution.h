// SPDX-License-Identifier: Apache-2.0
// What a Timeline says was running, checked, sorted and ready to walk along: inferences by phase, blocks of
// the energy pass, and executions of layers. Not what it cost.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "timeline/timeline.h"

namespace layerwatt {

// One execution of a layer in the energy pass. `inference` indexes Execution::energy.
using Segment = LayerSpan;

// Segments in order of begin. Of most runs they are the timeline's spans as they stand, but for how
// inferences are counted: those are then looked at, not copied, since memory for millions costs more than all
// that is worked out from them. The timeline must live as long.
class Segments {
 public:
  Segments() = default;
  Segments(std::vector<Segment> own) : own_{std::move(own)} {}
  // `first`: what is inference 0 here, by the spans' count.
  Segments(std::span<const LayerSpan> spans, std::uint32_t first) : spans_{spans}, first_{first} {}

  class Iterator {
   public:
    Iterator(const LayerSpan* at, std::uint32_t first) : at_{at}, first_{first} {}
    Segment operator*() const { return {at_->layer, at_->inference - first_, at_->begin, at_->end}; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const LayerSpan* at_;
    std::uint32_t first_;
  };
  [[nodiscard]] std::size_t size() const { return as_counted().size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  Segment operator[](std::size_t i) const { return *Iterator{&as_counted()[i], first_}; }
  [[nodiscard]] Iterator begin() const { return {as_counted().data(), first_}; }
  [[nodiscard]] Iterator end() const { return {as_counted().data() + size(), first_}; }
  [[nodiscard]] std::vector<Segment> copy() const;
  // With inferences as the timeline counts them: from `first()` on.
  [[nodiscard]] std::span<const LayerSpan> as_counted() const { return spans_.empty() ? own_ : spans_; }
  [[nodiscard]] std::uint32_t first() const { return first_; }

 private:
  std::vector<Segment> own_;
  std::span<const LayerSpan> spans_;
  std::uint32_t first_ = 0;
};

// Inferences [first, last) of Execution::energy that ran without a break but for the pauses between them.
struct Block {
  std::size_t first = 0, last = 0;
};

// A stretch of time in which the same layers ran: Execution::running[first, first + count).
struct Stretch {
  Instant begin, end;
  std::uint32_t inference = 0;
  std::uint32_t first = 0, count = 0;
};

// A layer that always contains others: a module, or a layer seen down to its kernels. Its own time is what
// its parts leave.
struct Nesting {
  std::uint32_t whole = 0;
  std::vector<std::uint32_t> parts;  // at every level below
};

// With several inferences in flight, `latency` and `energy` hold turns: the turn of an inference is the time
// from the end of the one that ended before it to its own end. Turns follow one another as inferences do that
// run alone, and whatever runs in them, of whichever inference, is theirs: docs/attribution.md.
struct Execution {
  std::vector<Inference> latency, energy;                // by phase, in order of time
  std::vector<Inference> latency_as_ran, energy_as_ran;  // with several in flight, from load to unload
  std::uint32_t in_flight = 1;                           // inferences that ran at the same time
  std::vector<Block> blocks;                             // of the energy pass
  // In order of begin. A moment belongs to one layer: of those that run, to the one begun last.
  Segments segments;
  // For each of `energy`: all its layers were marked, and with several in flight those of all in its turn.
  // Times and powers of layers come from these alone.
  std::vector<bool> marked;
  std::size_t marked_count = 0;
  // Inferences and spans left out: they end before they begin, overlap, or last far longer than the others.
  std::size_t impossible = 0;
  // Layers that are no parts of each other ran at the same time.
  bool overlapping = false;
  std::vector<Stretch> stretches;      // overlapping only: all time in layers, in order
  std::vector<std::uint32_t> running;  // layers, ascending in each stretch
  std::vector<Nesting> nestings;
  Segments spans;  // as marked, where segments are not
  // Executions of layers as marked, in order of begin: they may overlap.
  [[nodiscard]] const Segments& runs() const { return spans.empty() ? segments : spans; }
  [[nodiscard]] const std::vector<Inference>& latencies() const {
    return in_flight > 1 ? latency_as_ran : latency;
  }
  [[nodiscard]] const std::vector<Inference>& inferences() const {
    return in_flight > 1 ? energy_as_ran : energy;
  }
};

// The timeline must outlive it: see Segments.
Execution execution_of(const Timeline& timeline);
Execution execution_of(Timeline&&) = delete;

inline Nanoseconds whole(const Inference& inference) { return inference.unload_end - inference.load_begin; }
inline Nanoseconds compute(const Inference& inference) {
  return inference.compute_end - inference.compute_begin;
}

}  // namespace layerwatt
