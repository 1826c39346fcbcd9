// SPDX-License-Identifier: Apache-2.0
// Tabulation of a sensor's cumulative weight; see kernel.h and docs/forward.md.
#include "attribution/forward/kernel.h"

#include <algorithm>
#include <cmath>

namespace layerwatt::forward {

namespace {

constexpr double tails_kept = 9;  // exp(-9) = 1.2e-4 of the weight is cut off and renormalised
// Enough points that linear interpolation errs by < 1e-4 of the weight, few enough for 100 ms windows.
constexpr double finest_step_us = 1;
constexpr std::size_t most_points = 200'000;

// Integral over u in [0, x] of the clamped ramp: the CDF of box (o) uniform is a difference of these.
double ramp_integral(double x, double width) {
  if (x <= 0) return 0;
  if (x >= width) return x - width / 2;
  return x * x / (2 * width);
}

// Cumulative weight at `age` of a box whose offset is uniform over [low, high].
double box_cumulative(double age, const Box& box, double low, double high) {
  const double x = age - box.offset_us;
  if (high - low < 1e-9) return std::clamp((x - low) / box.width_us, 0.0, 1.0);
  return (ramp_integral(x - low, box.width_us) - ramp_integral(x - high, box.width_us)) / (high - low);
}

}  // namespace

Kernel::Kernel(std::span<const Box> boxes, double jitter_low_us, double jitter_high_us, double tail_us) {
  double newest = boxes.front().offset_us, oldest = newest, weight = 0;
  for (const Box& box : boxes) {
    newest = std::min(newest, box.offset_us);
    oldest = std::max(oldest, box.offset_us + box.width_us);
    weight += box.weight;
  }
  newest += jitter_low_us;
  oldest += jitter_high_us + tails_kept * tail_us;
  const double step = std::max(finest_step_us, (oldest - newest) / static_cast<double>(most_points));
  const auto points = static_cast<std::size_t>(std::ceil((oldest - newest) / step)) + 3;
  first_ = newest - step;
  inverse_step_ = 1 / step;
  table_.resize(points);
  // An exponential tail is a first-order filter; exact for a cumulative that is linear over a step.
  const double decay = tail_us > 0 ? std::exp(-step / tail_us) : 0;
  const double slope_share = tail_us > 0 ? 1 - (tail_us / step) * (1 - decay) : 1;
  double filtered = 0, previous = 0;
  for (std::size_t i = 0; i < points; ++i) {
    const double age = first_ + static_cast<double>(i) * step;
    double plain = 0;
    for (const Box& box : boxes)
      plain += box.weight * box_cumulative(age, box, jitter_low_us, jitter_high_us);
    plain /= weight;
    filtered = decay * filtered + (1 - decay) * previous + slope_share * (plain - previous);
    previous = plain;
    table_[i] = tail_us > 0 ? filtered : plain;
  }
  for (double& value : table_) value = std::clamp(value / table_.back(), 0.0, 1.0);
  last_ = first_ + static_cast<double>(points - 1) * step;
}

double Trapezoid::operator()(double age_us) const {
  return box_cumulative(age_us, {offset_, width_}, 0, jitter_);
}

}  // namespace layerwatt::forward
