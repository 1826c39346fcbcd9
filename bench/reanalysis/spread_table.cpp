// SPDX-License-Identifier: Apache-2.0
// One row for each guess at the true powers, the same columns for both papers.
#include <fmt/format.h>

#include "reanalysis/tables.h"

namespace layerwatt::reanalysis {

namespace {

// Which part of the true spread is seen; a dash where there is none to see.
std::string left_over(const Spread& seen, const Spread& truth) {
  if (truth.deviation < 0.05) return "-";
  return fmt::format("{:.1f} %", 100 * seen.deviation / truth.deviation);
}

std::string correlated(const std::vector<double>& a, const std::vector<double>& b) {
  return spread_of(b).deviation < 0.05 ? "-" : fmt::format("{:+.2f}", correlation(a, b));
}

}  // namespace

std::string range(const Spread& spread, int digits) {
  return fmt::format("{:.{}f}-{:.{}f}", spread.low, digits, spread.high, digits);
}

void begin_table(std::string_view name) { fmt::print("@@ table {}\n", name); }

Comparison compare(Workload workload, const Method& shipped, const Method& triggered) {
  Comparison result{std::move(workload), {}, {}, {}};
  result.shipped = observed(result.workload, shipped);
  result.triggered = observed(result.workload, triggered);
  result.exact = observed(result.workload, with_exact_stamps(triggered));
  return result;
}

void print_spread_head() {
  fmt::print(
      "| true powers | true sd | true range | as shipped: sd | range | of the true sd | formula: sd | "
      "correlation with the truth | energy error, median | triggered: sd | with exact stamps: sd |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|\n");
}

void print_spread_row(const std::string& name, const Comparison& one, const Method& shipped) {
  const auto truth = truths(one.shipped), seen = apparent(one.shipped);
  const Spread true_spread = spread_of(truth), spread = spread_of(seen);
  const Spread formula = spread_of(predicted(one.workload, shipped, one.shipped.cycle));
  fmt::print(
      "| {} | {:.2f} W | {} W | {:.3f} W | {} W | {} | {:.3f} W | {} | {:.0f} % | {:.2f} W | {:.2f} W |\n",
      name, true_spread.deviation, range(true_spread, 1), spread.deviation, range(spread, 2),
      left_over(spread, true_spread), formula.deviation, correlated(seen, truth),
      100 * median_energy_error(one.shipped), spread_of(apparent(one.triggered)).deviation,
      spread_of(apparent(one.exact)).deviation);
}

}  // namespace layerwatt::reanalysis
