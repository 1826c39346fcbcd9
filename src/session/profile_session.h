// SPDX-License-Identifier: Apache-2.0
// A profile from start to end: doctor's facts, idle, warm-up, latency pass with sampler and marks off, energy
// pass in blocks, idle again; everything into one run file. `--board virtual:X` replaces all but the file.
#pragma once
#include "core/machine.h"
#include "core/result.h"
#include "session/profile_options.h"
#include "session/progress.h"

namespace layerwatt {

enum class Ending {
  whole,        // everything asked was done
  interrupted,  // Ctrl-C: what was measured is in the file
  broken        // the runner crashed or the sensor left: what was measured is in the file
};

struct SessionOutcome {
  Ending ending = Ending::whole;
  std::optional<Error> failure;  // when broken
  // "after 812 inferences: the precision was reached"; with a precision only, and when the pass ended in
  // order.
  std::string stopped;
};

// Writes `options.output`. An Error means that there is nothing worth keeping, and no file is left behind.
Result<SessionOutcome> run_profile(const Machine& machine, const ProfileOptions& options, Progress& progress);

}  // namespace layerwatt
