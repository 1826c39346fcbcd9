// SPDX-License-Identifier: Apache-2.0
// Runs a network again and again, with stamps around each part of an inference and random gaps between
// inferences, which spread the layers over the phases of a slow sensor.
#pragma once
#include <cstdint>
#include <functional>
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

// Marked when there are marks to write. `stop_asked` is asked between inferences and in gaps. Gaps are slept
// through, not spun: a spinning core would show in the power; what the sleep overshoots is in the stamps.
Result<RunOutcome> run_inferences(ExecutionContext& context, const RunPlan& plan, RunnerMarks* marks,
                                  const Clock& clock, const std::function<bool()>& stop_asked);

}  // namespace layerwatt
