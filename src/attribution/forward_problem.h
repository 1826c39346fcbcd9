// SPDX-License-Identifier: Apache-2.0
// A run as the regression of forward/ wants it: which column acts when, with marks smoothed and disturbed
// inferences masked.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "attribution/forward/segments.h"
#include "attribution/rail_profile.h"

namespace layerwatt {

struct ForwardProblem {
  Instant origin;                             // of all times in us
  forward::Segments segments;                 // columns: layers that ran, then gaps, then idle
  std::vector<std::int32_t> column_of_layer;  // -1 = did not run
  std::uint32_t gap_column = 0, idle_column = 0;
  std::vector<std::uint32_t> classes;             // of each layer column: operator class
  std::vector<std::pair<double, double>> masked;  // stretches that no used reading may see, us
  std::size_t inferences = 0;                     // that are used
  std::vector<double> begin_us;                   // of those, smoothed
  std::vector<std::string> notes;
};

// Precondition: the run has energy inferences and segments.
ForwardProblem make_problem(const RunView& run);

}  // namespace layerwatt
