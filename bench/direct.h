// SPDX-License-Identifier: Apache-2.0
// The estimator's inputs for the first rail of a run, as attribution would make them: for benches that call
// the estimator itself.
#pragma once
#include "attribution/execution.h"
#include "attribution/forward/series.h"
#include "attribution/forward_problem.h"
#include "attribution/inference_times.h"

namespace layerwatt {

struct Direct {
  explicit Direct(const Timeline& timeline)
      : execution{execution_of(timeline)},
        times{marked_times(execution, timeline.layers.size())},
        problem{make_problem(RunView{timeline, execution, times, times})},
        series{forward::make_series(timeline.rails.front(), problem.origin,
                                    execution.energy.front().load_begin,
                                    execution.energy.back().unload_end)} {}
  Execution execution;
  InferenceTimes times;
  ForwardProblem problem;
  forward::Series series;
};

}  // namespace layerwatt
