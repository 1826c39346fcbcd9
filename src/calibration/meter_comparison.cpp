// SPDX-License-Identifier: Apache-2.0
// Straight lines through means of stretches; see meter_comparison.h.
#include "calibration/meter_comparison.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "attribution/statistics.h"
#include "calibration/least_squares.h"

namespace layerwatt {

namespace {

constexpr std::size_t fewest_of_a_kind = 3;
constexpr double clear = 10;  // span of a line over the scatter around its ends

Interval interval_of(const LeastSquares& fit, Eigen::Index column) {
  return {fit.value[column], fit.quantile * fit.deviation[column]};
}

struct Spread {
  Interval mean;
  double deviation = 0;
};

Spread spread_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / count;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / (count - 1));
  return {{mean, student_975(values.size() - 1) * deviation / std::sqrt(count)}, deviation};
}

}  // namespace

std::optional<SamplingEffect> sampling_effect(std::span<const MeteredStretch> stretches) {
  std::vector<const MeteredStretch*> idle;
  std::size_t sampled = 0;
  for (const MeteredStretch& one : stretches) {
    if (one.loaded || !one.meter) continue;
    idle.push_back(&one);
    sampled += one.sampled;
  }
  if (sampled < fewest_of_a_kind || idle.size() - sampled < fewest_of_a_kind) return std::nullopt;
  Eigen::MatrixXd columns(idle.size(), 3);
  Eigen::VectorXd watts(idle.size());
  double middle = 0;
  for (const MeteredStretch* one : idle) middle += one->middle_s / static_cast<double>(idle.size());
  for (std::size_t i = 0; i < idle.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    columns.row(row) << 1, idle[i]->sampled ? 1 : 0, idle[i]->middle_s - middle;
    watts[row] = idle[i]->meter->value();
  }
  const auto found = least_squares(columns, watts);
  if (!found) return std::nullopt;
  return SamplingEffect{interval_of(*found, 0), interval_of(*found, 1), idle.size()};
}

std::optional<RailBesideMeter> beside_meter(std::span<const MeteredStretch> stretches, std::size_t rail) {
  std::vector<double> meter[2], missing[2];  // idle, loaded
  std::vector<std::pair<double, double>> points;
  for (const MeteredStretch& one : stretches) {
    if (!one.meter || rail >= one.rails.size() || !one.rails[rail]) continue;
    const double seen = one.meter->value(), said = one.rails[rail]->value();
    meter[one.loaded].push_back(seen);
    missing[one.loaded].push_back(seen - said);
    points.emplace_back(seen, said);
  }
  if (meter[0].size() < fewest_of_a_kind || meter[1].size() < fewest_of_a_kind) return std::nullopt;
  const Spread idle = spread_of(meter[0]), loaded = spread_of(meter[1]);
  const double span = loaded.mean.value - idle.mean.value;
  if (!(std::abs(span) > clear * std::max(idle.deviation, loaded.deviation))) return std::nullopt;
  Eigen::MatrixXd columns(points.size(), 2);
  Eigen::VectorXd watts(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    columns.row(row) << 1, points[i].first;
    watts[row] = points[i].second;
  }
  const auto found = least_squares(columns, watts);
  if (!found) return std::nullopt;
  return RailBesideMeter{interval_of(*found, 1), interval_of(*found, 0), spread_of(missing[0]).mean,
                         spread_of(missing[1]).mean, span};
}

}  // namespace layerwatt
