// SPDX-License-Identifier: Apache-2.0
// Two fits: one for the figures, one with a curvature more for the test of proportion.
#include "calibration/sampling_cost.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>

#include "attribution/statistics.h"
#include "calibration/least_squares.h"

namespace layerwatt {

namespace {

constexpr Eigen::Index fewest_phases = 6;
constexpr double least_difference = 0.1;  // between the slowest and the fastest rate, of the fastest

// Phases of one rate: within a quarter of an octave.
long level_of(double rate, double fastest) { return std::lround(4 * std::log2(fastest / rate)); }

// Of a value of the fit, from errors that all phases of one rate share.
double rounding_deviation(const LeastSquares& fit, Eigen::Index value, std::span<const RatePhase> phases,
                          double fastest) {
  std::map<long, double> levels;
  for (std::size_t i = 0; i < phases.size(); ++i)
    levels[level_of(phases[i].reads_per_s, fastest)] +=
        fit.weights(value, static_cast<Eigen::Index>(i)) * phases[i].rounding.value();
  double sum = 0;
  for (const auto& [level, error] : levels) sum += error * error;
  return std::sqrt(sum);
}

}  // namespace

// Of a step q under normal noise s the mean's error is a wave of amplitude q / pi x exp(-2 pi^2 s^2 / q^2)
// (its first harmonic; Widrow and Kollar, Quantization Noise, chapter 4), and without noise uniform over q.
Watts rounding_of(Watts step, Watts spread) {
  const double q = step.value(), own = q * q / 12;  // variance that rounding itself gives readings
  if (!(q > 0)) return {};
  const double noise = std::max(0.0, spread.value() * spread.value() - own) / (q * q);
  const double pi = std::acos(-1.0);
  return Watts{q / std::sqrt(12.0) * std::exp(-2 * pi * pi * noise)};
}

std::optional<SamplingCost> sampling_cost(std::span<const RatePhase> phases) {
  const auto count = static_cast<Eigen::Index>(phases.size());
  if (count < fewest_phases) return std::nullopt;
  const auto [slowest, fastest] = std::minmax_element(
      phases.begin(), phases.end(),
      [](const RatePhase& a, const RatePhase& b) { return a.reads_per_s < b.reads_per_s; });
  const auto [first, last] =
      std::minmax_element(phases.begin(), phases.end(),
                          [](const RatePhase& a, const RatePhase& b) { return a.middle_s < b.middle_s; });
  const double rate = fastest->reads_per_s, length = last->middle_s - first->middle_s;
  if (!(rate - slowest->reads_per_s > least_difference * rate) || !(length > 0)) return std::nullopt;
  // Scaled, so that columns are of about one size: rates to 1, time from -1/2 to 1/2.
  Eigen::MatrixXd columns(count, 3), curved(count, 4);
  Eigen::VectorXd power(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const RatePhase& phase = phases[static_cast<std::size_t>(i)];
    const double r = phase.reads_per_s / rate;
    columns.row(i) << 1, r, (phase.middle_s - first->middle_s) / length - 0.5;
    curved.row(i) << columns.row(i), r * r;
    power[i] = phase.power.value();
  }
  const auto fit = least_squares(columns, power);
  if (!fit) return std::nullopt;
  SamplingCost cost;
  cost.a_read = Joules{fit->value[1] / rate};
  const auto half_width = [&](Eigen::Index value) {
    return std::hypot(fit->quantile * fit->deviation[value],
                      normal_975 * rounding_deviation(*fit, value, phases, rate));
  };
  cost.a_read_half_width = Joules{half_width(1) / rate};
  cost.without = Watts{fit->value[0]};
  cost.without_half_width = Watts{half_width(0)};
  cost.drift = Watts{fit->value[2]};
  cost.drift_half_width = Watts{half_width(2)};
  // Two rates cannot tell a curve from a line.
  if (const auto bent = least_squares(curved, power); bent) {
    const double rounding = rounding_deviation(*bent, 3, phases, rate);
    const double deviation = std::hypot(bent->deviation[3], rounding);
    if (deviation > 0) cost.curvature = bent->value[3] / deviation;
    cost.curvature_limit = bent->quantile;
  }
  return cost;
}

}  // namespace layerwatt
