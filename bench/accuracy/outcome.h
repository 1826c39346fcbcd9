// SPDX-License-Identifier: Apache-2.0
// One simulated run, attributed and compared with its truth.
#pragma once
#include <optional>
#include <vector>

#include "simulation/scenario.h"

namespace layerwatt::accuracy {

struct LayerOutcome {
  double error = 0, chronological = 0, bound = 0;  // relative
  std::optional<bool> covered;
  double half_width = 0;
  double length_us = 0;
};

struct Outcome {
  std::vector<LayerOutcome> layers;
  std::vector<double> joined_errors;  // of units as reported, joined ones together
  std::vector<bool> joined_covered;
  double lag_error_us = 0, balance = 0, seconds = 0;
  double tail_test = 0, width_test = 0;              // of the window as fitted
  double plain_tail_test = 0, plain_width_test = 0;  // of a window without a tail
  std::size_t units = 0;
  bool withheld = false, failed = false;
};

Outcome judge(const simulation::Scenario& scenario);
// The same with `seeds` seeds, on all processors.
std::vector<Outcome> judge(simulation::Scenario scenario, unsigned seeds);

}  // namespace layerwatt::accuracy
