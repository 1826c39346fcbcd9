// SPDX-License-Identifier: Apache-2.0
// A table of time, power and energy with a bar at the end of each row, laid out to fit Style::columns.
#pragma once
#include <string>
#include <vector>

#include "report/report.h"
#include "report/text.h"

namespace layerwatt {

// Cells are ready to print; empty ones stay blank.
struct BarRow {
  std::string name, type, time, power, energy, interval, share;
  double length = 0;  // of the bar: 1 is the longest
  Ink ink = Ink::cool;
};

// `sums` stand below a rule and have no bars.
std::string bar_table(const BarRow& head, const std::vector<BarRow>& rows, const std::vector<BarRow>& sums,
                      const Style& style);

}  // namespace layerwatt
