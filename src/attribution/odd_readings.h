// SPDX-License-Identifier: Apache-2.0
// What is odd about the readings of one rail, said in sentences: damaged or repeated ones, holes, clocks that
// were set, sensors that stand still. Looks at the energy pass; changes no number.
#pragma once
#include <string>
#include <vector>

#include "attribution/execution.h"
#include "attribution/power_trace.h"

namespace layerwatt {

struct OddReadings {
  std::vector<std::string> notes;
  // Nobody can say how sure the powers of layers are: readings may lie beside their marks, or tell nothing.
  bool withholds_intervals = false;
};

OddReadings odd_readings(const RailRecord& rail, const PowerTrace& trace, const Execution& execution,
                         const SamplerRecord& sampler);

}  // namespace layerwatt
