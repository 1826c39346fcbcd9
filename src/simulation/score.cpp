// SPDX-License-Identifier: Apache-2.0
// Scores and the result file; see score.h and docs/scenario-format.md.
#include "simulation/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

namespace layerwatt::simulation {

namespace {

constexpr std::string_view header = "rail,layer,energy_j,low_j,high_j";
constexpr std::size_t fields = 5;

std::optional<std::array<std::string_view, fields>> split(std::string_view line) {
  std::array<std::string_view, fields> parts;
  for (std::size_t i = 0; i + 1 < fields; ++i) {
    const auto comma = line.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    parts[i] = line.substr(0, comma);
    line.remove_prefix(comma + 1);
  }
  parts.back() = line;
  if (line.find(',') != std::string_view::npos) return std::nullopt;
  return parts;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Joules> energy(std::string_view text) {
  const auto value = number<double>(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return Joules{*value};
}

std::optional<LayerEstimate> row(std::string_view line) {
  const auto parts = split(line);
  if (!parts) return std::nullopt;
  const auto rail = number<std::size_t>((*parts)[0]), layer = number<std::size_t>((*parts)[1]);
  const auto value = energy((*parts)[2]);
  if (!rail || !layer || !value) return std::nullopt;
  LayerEstimate estimate{*rail, *layer, *value, std::nullopt};
  if ((*parts)[3].empty() && (*parts)[4].empty()) return estimate;
  const auto low = energy((*parts)[3]), high = energy((*parts)[4]);
  if (!low || !high || *low > *high) return std::nullopt;
  estimate.interval = LayerEstimate::Interval{*low, *high};
  return estimate;
}

}  // namespace

std::optional<double> quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double at = std::clamp(q, 0.0, 1.0) * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

Score score(std::span<const LayerEstimate> estimates, std::span<const LayerTruth> truths) {
  std::map<std::pair<std::size_t, std::size_t>, const LayerEstimate*> found;
  for (const LayerEstimate& estimate : estimates) found[{estimate.rail, estimate.layer}] = &estimate;
  Score result;
  std::vector<double> errors, half_widths;
  std::size_t covered = 0;
  Joules estimated{}, true_sum{};
  for (const LayerTruth& truth : truths) {
    if (!(truth.energy > Joules{})) continue;
    ++result.layers;
    const auto at = found.find({truth.rail, truth.layer});
    if (at == found.end()) {
      ++result.missing;
      continue;
    }
    const LayerEstimate& estimate = *at->second;
    errors.push_back(std::abs(estimate.energy / truth.energy - 1));
    estimated += estimate.energy;
    true_sum += truth.energy;
    if (!estimate.interval) continue;
    ++result.intervals;
    covered += estimate.interval->low <= truth.energy && truth.energy <= estimate.interval->high ? 1 : 0;
    half_widths.push_back((estimate.interval->high - estimate.interval->low) / truth.energy / 2);
  }
  result.median_error = quantile(errors, 0.5).value_or(0);
  result.p95_error = quantile(errors, 0.95).value_or(0);
  if (true_sum > Joules{}) result.total_error = estimated / true_sum - 1;
  if (result.intervals > 0)
    result.coverage = static_cast<double>(covered) / static_cast<double>(result.intervals);
  result.median_half_width = quantile(half_widths, 0.5).value_or(0);
  return result;
}

Result<std::vector<LayerEstimate>> parse_estimates(std::string_view csv, const std::string& where) {
  std::vector<LayerEstimate> estimates;
  std::size_t line_number = 0;
  while (!csv.empty()) {
    const auto end = csv.find('\n');
    std::string_view line = csv.substr(0, end);
    csv.remove_prefix(end == std::string_view::npos ? csv.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const std::string place = fmt::format("{}, line {}", where, ++line_number);
    if (line_number == 1) {
      if (line != header) return Error{Errc::malformed, place, fmt::format("expected \"{}\"", header)};
      continue;
    }
    if (line.empty()) continue;
    const auto estimate = row(line);
    if (!estimate)
      return Error{Errc::malformed, place,
                   "expected two numbers from 0, an energy, and an interval or two empty fields"};
    estimates.push_back(*estimate);
  }
  if (line_number == 0)
    return Error{Errc::malformed, where, fmt::format("is empty; expected \"{}\"", header)};
  return estimates;
}

std::string write_estimates(std::span<const LayerEstimate> estimates) {
  std::string csv{header};
  csv += '\n';
  for (const LayerEstimate& e : estimates) {
    csv += fmt::format("{},{},{},", e.rail, e.layer, e.energy.value());
    csv += e.interval ? fmt::format("{},{}\n", e.interval->low.value(), e.interval->high.value()) : ",\n";
  }
  return csv;
}

}  // namespace layerwatt::simulation
