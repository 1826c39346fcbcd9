// SPDX-License-Identifier: Apache-2.0
// From the marks of layerwatt-runner to spans of layers. Each mark carries the number of its inference within
// the run, so that a lost mark costs its own span and shifts no other. Pure: marks in, spans out.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "core/vocabulary.h"
#include "markers/mark.h"

namespace layerwatt {

struct SpanCounts {
  std::uint64_t orphaned_begins = 0;  // without an end: lost to a full ring, or the runner ended
  std::uint64_t orphaned_ends = 0;    // without a begin
  std::uint64_t impossible = 0;       // ends before it begins, or no such layer or inference
  std::uint64_t foreign = 0;          // marks of others: not the runner's names
};

// Computing of one inference as marked: what remains of a run whose answer was lost to a crash.
struct MarkedInference {
  std::uint32_t inference = 0;
  Instant begin, end;
};

class SpanAssembler final : public MarkSink {
 public:
  explicit SpanAssembler(std::uint32_t layers) : layers_{layers} {}
  // Marks from here on belong to a run whose first inference is `first` on the timeline. What was open is
  // orphaned.
  void begin_run(std::uint32_t first);
  void mark(const Mark& mark) override;
  void thread_ended(std::uint32_t thread) override;
  // What was completed since the last call, in order of end.
  std::vector<LayerSpan> take_spans();
  std::vector<MarkedInference> take_inferences();
  [[nodiscard]] const SpanCounts& counts() const { return counts_; }

 private:
  struct Open {
    std::uint32_t subject, number;
    Instant begin;
  };
  [[nodiscard]] std::uint32_t subject_of(const Mark& mark);
  void end(const Mark& mark, std::uint32_t subject);

  std::uint32_t layers_;
  std::uint32_t first_ = 0;
  std::map<std::uint32_t, std::vector<Open>> open_;  // by thread, innermost last
  std::map<std::uint32_t, std::uint32_t> subjects_;  // by name_id: a layer, or one of the values below
  std::vector<LayerSpan> spans_;
  std::vector<MarkedInference> inferences_;
  SpanCounts counts_;
};

}  // namespace layerwatt
