// SPDX-License-Identifier: Apache-2.0
// Straight lines through means of stretches; see meter_comparison.h.
#include "calibration/meter_comparison.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "attribution/statistics.h"
#include "calibration/least_squares.h"

namespace layerwatt {

namespace {

constexpr std::size_t fewest_of_a_kind = 3;
constexpr double clear = 10;  // span of a line over the scatter around its ends

Interval interval_of(const LeastSquares& fit, Eigen::Index column) {
  return {fit.value[column], fit.quantile * fit.deviation[column]};
}

Interval widened(const Interval& one, double half_width) {
  return {one.value, std::hypot(one.half_width, half_width)};
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

std::optional<RailBesideMeter> beside_meter(std::span<const MeteredStretch> stretches, std::size_t rail,
                                            Watts rounding) {
  std::vector<double> meter[2], missing[2];  // idle, loaded
  std::vector<std::pair<double, double>> points;
  double middle = 0;
  for (const MeteredStretch& one : stretches) {
    if (!one.meter || rail >= one.rails.size() || !one.rails[rail]) continue;
    const double seen = one.meter->value(), said = one.rails[rail]->value();
    meter[one.loaded].push_back(seen);
    missing[one.loaded].push_back(seen - said);
    points.emplace_back(seen, said);
    middle += (seen - middle) / static_cast<double>(points.size());
  }
  if (meter[0].size() < fewest_of_a_kind || meter[1].size() < fewest_of_a_kind) return std::nullopt;
  const Spread idle = spread_of(meter[0]), loaded = spread_of(meter[1]);
  const double span = loaded.mean.value - idle.mean.value;
  if (!(std::abs(span) > clear * std::max(idle.deviation, loaded.deviation))) return std::nullopt;
  Eigen::MatrixXd columns(points.size(), 2);
  Eigen::VectorXd watts(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    columns.row(row) << 1, points[i].first - middle;
    watts[row] = points[i].second;
  }
  const auto fit = least_squares(columns, watts);
  if (!fit) return std::nullopt;
  // Both ends may be rounded, each by itself: that turns the line by their difference.
  const double rounded = normal_975 * rounding.value();
  RailBesideMeter found;
  found.middle_w = middle;
  found.level_w = widened(interval_of(*fit, 0), rounded);
  found.gain = widened(interval_of(*fit, 1), rounded * std::numbers::sqrt2 / span);
  found.offset_w = widened({found.level_w.value - found.gain.value * middle, found.level_w.half_width},
                           found.gain.half_width * middle);
  found.idle_missing_w = widened(spread_of(missing[0]).mean, rounded);
  found.loaded_missing_w = widened(spread_of(missing[1]).mean, rounded);
  found.idle_w = idle.mean.value;
  found.loaded_w = loaded.mean.value;
  return found;
}

RailCalibration line_of(const RailBesideMeter& found) {
  RailCalibration line;
  line.gain = found.gain.value;
  line.gain_half_width = found.gain.half_width;
  line.at = Watts{found.middle_w};
  line.reads = Watts{found.level_w.value};
  line.reads_half_width = Watts{found.level_w.half_width};
  line.from = Watts{std::min(found.idle_w, found.loaded_w)};
  line.to = Watts{std::max(found.idle_w, found.loaded_w)};
  return line;
}

SupplyLoss loss_of(const RailBesideMeter& found) {
  return {Watts{found.idle_missing_w.value},
          Watts{found.idle_missing_w.half_width},
          Watts{found.loaded_missing_w.value},
          Watts{found.loaded_missing_w.half_width},
          Watts{found.idle_w},
          Watts{found.loaded_w},
          {},
          {}};
}

}  // namespace layerwatt
