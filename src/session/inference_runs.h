// SPDX-License-Identifier: Apache-2.0
// Asks the runner for inferences, unmarked or in marked blocks, and carries what they produce to the
// recorder.
#pragma once
#include <cstdint>
#include <vector>

#include "session/profile_options.h"
#include "session/recorder.h"
#include "session/runner_process.h"
#include "session/span_assembler.h"

namespace layerwatt {

struct MarkedBlock {
  std::size_t inferences = 0;
  std::vector<LayerSpan> spans;
};

class InferenceRuns {
 public:
  InferenceRuns(RunnerProcess& runner, Recorder& recorder, const Clock& clock, const ProfileOptions& options,
                std::uint32_t layers)
      : runner_{runner}, recorder_{recorder}, clock_{clock}, options_{options}, assembler_{layers} {}

  void set_longest_gap(Nanoseconds gap) { longest_gap_ = gap; }

  // Nothing of ours runs meanwhile: no marks, no drain, this process asleep until the answer.
  Result<std::vector<Inference>> unmarked(std::uint64_t count, Nanoseconds at_most);
  // Marked, with random gaps. The block goes to the recorder as `phase`; with Phase::warm_up only the
  // power it makes goes there, and neither readings nor inferences are kept.
  Result<MarkedBlock> marked(std::uint64_t count, Phase phase, std::uint32_t block);
  // Inferences that fill about `length`, at least 1.
  [[nodiscard]] std::uint64_t fitting(Nanoseconds latency, Nanoseconds length) const;

 private:
  void drain(std::vector<LayerSpan>& spans, Phase phase, Result<void>& failure);
  RunnerProcess& runner_;
  Recorder& recorder_;
  const Clock& clock_;
  const ProfileOptions& options_;
  SpanAssembler assembler_;
  Nanoseconds longest_gap_ = 2 * shortest_gap;
  Instant complete_{};  // all spans of the current run that end before this are known
};

// Median time of compute; 1 ns when there is none.
Nanoseconds median_compute(const std::vector<Inference>& inferences);

}  // namespace layerwatt
