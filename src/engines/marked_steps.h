// SPDX-License-Identifier: Apache-2.0
// How engines mark that run a network step by step: a step ends where the next begins, so that the clock is
// read once between them. Only where a step is over when its call returns.
#pragma once
#include <cstdint>

#include "core/clock.h"
#include "core/result.h"
#include "engines/engine.h"

namespace layerwatt {

// Calls execute(step), a Result<void>, for each of `steps`, which are the engine's layers; ends at the first
// that fails.
template <class Execute>
Result<void> mark_steps(const Clock& clock, std::uint32_t steps, SpanSink& sink, Execute&& execute) {
  Instant begin = clock.now();
  for (std::uint32_t step = 0; step < steps; ++step) {
    if (Result<void> done = execute(step); !done) return done;
    const Instant end = clock.now();
    sink.layer(step, begin, end);
    begin = end;
  }
  return {};
}

}  // namespace layerwatt
