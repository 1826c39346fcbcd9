// SPDX-License-Identifier: Apache-2.0
// One row of the table of docs/attribution.md, and which of its bars it misses.
#pragma once
#include <string>
#include <vector>

#include "cases.h"
#include "outcome.h"
#include "statistics.h"

namespace layerwatt::accuracy {

struct Summary {
  std::size_t networks = 0, failed = 0, withheld = 0;
  // %, over layers. Bound: of the best unbiased estimate, when the sensor saw what being known.
  Figure median, p95, bound, chronological_median, chronological_p95;
  Figure of_bound, times_chronological_median, times_chronological_p95;
  Figure coverage;
  Figure class_coverage[3];           // of layers below 50 us, to 300 us, longer
  Figure half_width, p95_half_width;  // %, of layers
  double units = 0, unit_p95 = 0, unit_coverage = 0;
  double worst_lag_us = 0, worst_balance = 0, flagged = 0, detected = 0, seconds = 0;
};

Summary summary_of(const std::vector<Outcome>& outcomes);

std::string table_head();
std::string table_row(const Case& one, const Summary& summary);
// One sentence for each bar that is missed by more than two standard errors.
std::vector<std::string> missed_bars(const Case& one, const Summary& summary);

}  // namespace layerwatt::accuracy
