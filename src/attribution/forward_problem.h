// SPDX-License-Identifier: Apache-2.0
// A run as the regression of forward/ wants it: which columns act when, with marks smoothed and disturbed
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
  Instant origin;  // of all times in us
  // Columns: layers that ran, then gaps, then idle. Where several layers run at once, each with an equal
  // share.
  forward::Segments segments;
  std::vector<std::int32_t> column_of_layer;  // -1 = did not run
  std::uint32_t gap_column = 0, idle_column = 0;
  std::vector<std::uint32_t> classes;             // of each layer column: operator class
  std::vector<std::pair<double, double>> masked;  // stretches that no used reading may see, us
  std::size_t inferences = 0;                     // that are used
  std::vector<double> begin_us;                   // of those, smoothed
  std::vector<std::string> notes;
};

// The same when k layers that run at once each act with share 1/k + activity (1 - 1/k), and idle with what
// makes the shares add up to 1. Activity 0: they take turns; 1: each adds to idle what it adds alone.
forward::Segments with_activity(const ForwardProblem& problem, double activity);

// Precondition: the run has energy inferences and segments.
ForwardProblem make_problem(const RunView& run);

}  // namespace layerwatt
