// SPDX-License-Identifier: Apache-2.0
// The little statistics that attribution needs: Student's t, and means of batches with the interval they
// deserve. Pure. How they are used: docs/attribution.md.
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

#include "attribution/profile.h"

namespace layerwatt {

// Two-sided 95 % point of the normal distribution.
inline constexpr double normal_975 = 1.959964;

// Two-sided 95 % point of Student's t with `degrees` >= 1 degrees of freedom.
double student_975(std::size_t degrees);

// A mean over a stretch that is long against whatever correlates neighbouring readings, so that batches can
// pass as independent. `weight` > 0: inferences or seconds.
template <class Unit>
struct Batch {
  Unit mean{};
  double weight = 0;
};

template <class Unit>
struct BatchMean {
  Unit mean{};
  std::optional<Unit> half_width;  // of the 95 % interval; empty below two batches
};

// Weighted mean of batches; the interval is that of a ratio estimator: s^2 = B/(B-1) sum w_b^2 (x_b - mean)^2
// with weights that sum to 1, times Student's t with B - 1 degrees of freedom. Precondition: not empty.
template <class Unit>
BatchMean<Unit> mean_of(const std::vector<Batch<Unit>>& batches) {
  double weight = 0;
  Unit sum{};
  for (const auto& batch : batches) {
    weight += batch.weight;
    sum += batch.mean * batch.weight;
  }
  BatchMean<Unit> result{sum / weight, std::nullopt};
  if (batches.size() < 2) return result;
  double squares = 0;
  for (const auto& batch : batches) {
    const double part = batch.weight / weight * (batch.mean - result.mean).value();
    squares += part * part;
  }
  const double count = static_cast<double>(batches.size());
  result.half_width = Unit{student_975(batches.size() - 1) * std::sqrt(squares * count / (count - 1))};
  return result;
}

// Half-widths of independent errors add as squares.
template <class Unit>
Unit combined(Unit a, Unit b) {
  return Unit{std::hypot(a.value(), b.value())};
}

template <class Unit>
Estimate<Unit> estimate_with(Unit value, std::optional<Unit> half_width) {
  Estimate<Unit> estimate{value, std::nullopt};
  if (half_width) estimate.interval = {value - *half_width, value + *half_width};
  return estimate;
}

}  // namespace layerwatt
