// SPDX-License-Identifier: Apache-2.0
// What bench/accuracy runs: scenarios with the bars they must meet.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "simulation/scenario.h"

namespace layerwatt::accuracy {

struct Bars {
  std::optional<double> median, p95;  // of errors, %
  double least_coverage = 0.93, most_coverage = 0.99;
  double class_coverage = 0.90;    // in each class of length
  std::optional<double> of_bound;  // median error over the bound's
  std::optional<double> lag_us;    // every network
  std::optional<double> times_chronological_median, times_chronological_p95;
  bool never_worse_than_chronological = false;
  bool must_be_withheld = false;
  // Share of runs whose window is taken for wrong: as fitted, and when its tail is not fitted.
  std::optional<double> false_alarms, detected;
};

struct Case {
  std::string name;
  simulation::Scenario scenario;
  Bars bars;
  unsigned networks = 30, quick_networks = 0;  // 0: not in --quick
  bool bound_known = true;  // false: which conversion a read shows is itself to be found out
};

std::vector<Case> cases();

}  // namespace layerwatt::accuracy
