// SPDX-License-Identifier: Apache-2.0
// Runs a network again and again, with stamps around each part of an inference and random gaps between
// inferences, which spread the layers over the phases of a slow sensor. With several contexts as many
// inferences are in flight, each on a thread that lives as long as the run.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/vocabulary.h"
#include "engines/engine.h"
#include "runner/runner_marks.h"

namespace layerwatt {

struct RunPlan {
  std::uint64_t count = 1;
  Nanoseconds longest{};  // zero = no limit
  Nanoseconds gap_min{}, gap_max{};
  std::uint64_t gap_seed = 1;
  std::uint64_t first_input = 0;  // number of the input that the first inference is given
};

enum class Stopped { count, time, request };

struct RunOutcome {
  std::vector<Inference> inferences;
  Stopped stopped = Stopped::count;
};

// One context runs one inference after the other, on this thread; several run theirs at the same time, each
// on a thread of its own. The answer has them by number, which is about the order in which they began. Marked
// when there are marks, one for each context. `stop_asked` is asked between inferences and in gaps, by one
// thread at a time. Gaps are slept through, not spun: a spinning core would show in the power; what the sleep
// overshoots is in the stamps. An inference that fails ends the run when the others in flight are over.
Result<RunOutcome> run_inferences(std::span<const std::unique_ptr<ExecutionContext>> contexts,
                                  const RunPlan& plan, std::span<RunnerMarks> marks, const Clock& clock,
                                  const std::function<bool()>& stop_asked);

}  // namespace layerwatt
