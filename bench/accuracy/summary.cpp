// SPDX-License-Identifier: Apache-2.0
// Rows and bars; see summary.h.
#include "summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace layerwatt::accuracy {

namespace {

constexpr double lengths_us[] = {0, 50, 300, 1e9};
constexpr double test_bound = 3;          // standard deviations, of the tests of the window
constexpr double most_unbalanced = 1e-3;  // fitted against read energy

void add_runs(const std::vector<Outcome>& outcomes, Summary& sum) {
  std::vector<double> errors;
  double covered = 0, intervals = 0;
  for (const Outcome& one : outcomes) {
    sum.failed += one.failed;
    if (one.failed) continue;
    ++sum.networks;
    sum.withheld += one.withheld;
    sum.worst_lag_us = std::max(sum.worst_lag_us, std::abs(one.lag_error_us));
    sum.worst_balance = std::max(sum.worst_balance, std::abs(one.balance));
    sum.seconds += one.seconds;
    sum.units += static_cast<double>(one.units);
    sum.flagged += std::abs(one.tail_test) > test_bound || std::abs(one.width_test) > test_bound;
    sum.detected += std::abs(one.plain_tail_test) > test_bound || std::abs(one.plain_width_test) > test_bound;
    errors.insert(errors.end(), one.joined_errors.begin(), one.joined_errors.end());
    for (const bool c : one.joined_covered) covered += c;
    intervals += static_cast<double>(one.joined_covered.size());
  }
  const auto n = static_cast<double>(std::max<std::size_t>(sum.networks, 1));
  for (double* mean : {&sum.seconds, &sum.units, &sum.flagged, &sum.detected}) *mean /= n;
  sum.unit_p95 = 100 * simulation::quantile(errors, 0.95).value_or(0);
  sum.unit_coverage = intervals > 0 ? covered / intervals : 0;
}

class Judge {
 public:
  explicit Judge(const std::string& name) : name_{name} {}
  void at_most(const char* what, const Figure& figure, double bar) {
    if (figure.value > bar + 2 * figure.error) miss(what, figure, "<=", bar);
  }
  void at_least(const char* what, const Figure& figure, double bar) {
    if (figure.value < bar - 2 * figure.error) miss(what, figure, ">=", bar);
  }
  [[nodiscard]] std::vector<std::string> missed() && { return std::move(missed_); }

 private:
  void miss(const char* what, const Figure& figure, const char* sign, double bar) {
    missed_.push_back(fmt::format("{}: {} {:.3g} +- {:.2g}, bar {} {:.3g}", name_, what, figure.value,
                                  figure.error, sign, bar));
  }
  const std::string& name_;
  std::vector<std::string> missed_;
};

void judge_coverage(const Bars& bars, const Summary& sum, Judge& judge) {
  if (sum.withheld == sum.networks) return;
  judge.at_least("coverage", sum.coverage, bars.least_coverage);
  judge.at_most("coverage", sum.coverage, bars.most_coverage);
  const char* names[] = {"coverage below 50 us", "coverage of 50 to 300 us", "coverage above 300 us"};
  for (int c = 0; c < 3; ++c) judge.at_least(names[c], sum.class_coverage[c], bars.class_coverage);
}

std::string needed(const Case& one, const Summary& sum) {
  if (!(sum.p95_half_width.value > 0)) return "-";
  // Half-widths fall with the root of the number of inferences; two digits are all that is known of it.
  const double times = sum.p95_half_width.value / 5;
  const double n = one.scenario.run.inferences * times * times;
  if (n > 1e7) return "> 10^7";
  const double unit = std::pow(10, std::floor(std::log10(std::max(n, 1.0))) - 1);
  return fmt::format("{:.0f}", std::max(std::ceil(n / unit) * unit, 1.0));
}

}  // namespace

Summary summary_of(const std::vector<Outcome>& outcomes) {
  const auto error = quantile_of(0.5, [](const LayerOutcome& l) { return 100 * l.error; });
  const auto error95 = quantile_of(0.95, [](const LayerOutcome& l) { return 100 * l.error; });
  const auto chronological = quantile_of(0.5, [](const LayerOutcome& l) { return 100 * l.chronological; });
  const auto chronological95 = quantile_of(0.95, [](const LayerOutcome& l) { return 100 * l.chronological; });
  const auto bound = quantile_of(0.5, [](const LayerOutcome& l) { return 100 * l.bound; });
  const auto width = [](const LayerOutcome& l) { return 100 * l.half_width; };
  Summary sum;
  add_runs(outcomes, sum);
  sum.median = figure(outcomes, error);
  sum.p95 = figure(outcomes, error95);
  sum.bound = figure(outcomes, bound);
  sum.chronological_median = figure(outcomes, chronological);
  sum.chronological_p95 = figure(outcomes, chronological95);
  sum.of_bound = figure(outcomes, ratio_of(error, bound));
  sum.times_chronological_median = figure(outcomes, ratio_of(chronological, error));
  sum.times_chronological_p95 = figure(outcomes, ratio_of(chronological95, error95));
  sum.coverage = figure(outcomes, coverage_between(0, 1e9));
  for (int c = 0; c < 3; ++c)
    sum.class_coverage[c] = figure(outcomes, coverage_between(lengths_us[c], lengths_us[c + 1]));
  sum.half_width = figure(outcomes, quantile_of(0.5, width));
  sum.p95_half_width = figure(outcomes, quantile_of(0.95, width));
  return sum;
}

std::string table_head() {
  return "| case | networks | error % | bound % | chronological, true lag % | coverage (short, middle, long) "
         "| "
         "half-width % | N for 5 % | units | error of 95 % of units, coverage | worst lag error us | s a fit "
         "|\n"
         "|---|--:|--:|--:|--:|---|--:|--:|--:|---|--:|--:|\n";
}

std::string table_row(const Case& one, const Summary& sum) {
  std::string row = fmt::format("| {} | {} ", one.name, sum.networks);
  if (sum.networks > 0 && sum.withheld == sum.networks && sum.units <= 1)
    return row + fmt::format("| layers cannot be told apart | | | | | | {:.0f} | | | {:.2f} |\n", sum.units,
                             sum.seconds);
  row += fmt::format("| {:.2f} / {:.1f} | {} | {:.1f} / {:.0f} ", sum.median.value, sum.p95.value,
                     one.bound_known ? fmt::format("{:.2f}", sum.bound.value) : "-",
                     sum.chronological_median.value, sum.chronological_p95.value);
  if (sum.withheld == sum.networks)
    row += "| withheld | | ";
  else
    row += fmt::format("| {:.3f} ({:.2f}, {:.2f}, {:.2f}) | {:.2f} | {} ", sum.coverage.value,
                       sum.class_coverage[0].value, sum.class_coverage[1].value, sum.class_coverage[2].value,
                       sum.half_width.value, needed(one, sum));
  return row + fmt::format("| {:.1f} | {:.1f}, {:.3f} | {} | {:.2f} |\n", sum.units, sum.unit_p95,
                           sum.unit_coverage, one.bound_known ? fmt::format("{:.1f}", sum.worst_lag_us) : "-",
                           sum.seconds);
}

std::vector<std::string> missed_bars(const Case& one, const Summary& sum) {
  const Bars& bars = one.bars;
  Judge judge{one.name};
  const auto networks = static_cast<double>(sum.networks);
  judge.at_most("runs without a result", {static_cast<double>(sum.failed), 0}, 0);
  if (bars.median) judge.at_most("median error, %,", sum.median, *bars.median);
  if (bars.p95) judge.at_most("95th percentile of errors, %,", sum.p95, *bars.p95);
  if (bars.of_bound) judge.at_most("median error over the bound's", sum.of_bound, *bars.of_bound);
  if (bars.lag_us) judge.at_most("worst lag error, us,", {sum.worst_lag_us, 0}, *bars.lag_us);
  if (bars.times_chronological_median)
    judge.at_least("median error of chronological over ours", sum.times_chronological_median,
                   *bars.times_chronological_median);
  if (bars.times_chronological_p95)
    judge.at_least("95th percentile of chronological over ours", sum.times_chronological_p95,
                   *bars.times_chronological_p95);
  if (bars.never_worse_than_chronological) {
    judge.at_most("median error against chronological, %,", sum.median, sum.chronological_median.value);
    judge.at_most("95th percentile against chronological, %,", sum.p95, sum.chronological_p95.value);
  }
  if (bars.must_be_withheld)
    judge.at_least("runs flagged", {static_cast<double>(sum.withheld), 0}, networks);
  else
    judge_coverage(bars, sum, judge);
  if (bars.false_alarms) {
    const double chance = std::sqrt(*bars.false_alarms * (1 - *bars.false_alarms) / std::max(networks, 1.0));
    judge.at_most("false alarms of the window's tests", {sum.flagged, chance}, *bars.false_alarms);
  }
  if (bars.detected) {
    const double chance = std::sqrt(*bars.detected * (1 - *bars.detected) / std::max(networks, 1.0));
    judge.at_least("wrong windows found", {sum.detected, chance}, *bars.detected);
  }
  judge.at_most("fitted against read energy", {sum.worst_balance, 0}, most_unbalanced);
  return std::move(judge).missed();
}

}  // namespace layerwatt::accuracy
