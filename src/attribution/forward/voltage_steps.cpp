// SPDX-License-Identifier: Apache-2.0
// What of each change is not a whole number of current steps; see voltage_steps.h and docs/forward.md.
#include "attribution/forward/voltage_steps.h"

#include <algorithm>
#include <cmath>

#include "attribution/forward/robust.h"

namespace layerwatt::forward {

namespace {

constexpr double on_grid = 0.05;     // of a step: rounding of drivers to mW
constexpr double least_share = 0.6;  // of changes that are whole steps, below which there is no grid
constexpr std::size_t fewest = 200;  // changes by one step
constexpr double most_steps = 12;    // in one change; more are told less surely

// One step of the current at the voltage of the run; 0 where changes do not come in steps.
double step_of(const std::vector<double>& values, double quantum) {
  std::vector<double> single;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double change = std::abs(values[i] - values[i - 1]);
    if (change > 0.75 * quantum && change < 1.25 * quantum) single.push_back(change);
  }
  if (single.size() < fewest) return 0;
  double step = median(std::move(single));
  for (int pass = 0; pass < 3; ++pass) {
    double numerator = 0, denominator = 0;
    std::size_t changes = 0, whole = 0;
    for (std::size_t i = 1; i < values.size(); ++i) {
      const double change = values[i] - values[i - 1], steps = std::round(change / step);
      if (steps == 0 || std::abs(steps) > most_steps) continue;
      ++changes;
      if (std::abs(change - steps * step) > on_grid * step) continue;
      ++whole;
      numerator += steps * change;
      denominator += steps * steps;
    }
    if (static_cast<double>(whole) < least_share * static_cast<double>(changes)) return 0;
    step = numerator / denominator;
  }
  return step;
}

}  // namespace

std::size_t smooth_voltage_steps(std::vector<double>& values, double quantum, std::size_t smooth) {
  const double step = quantum > 0 ? step_of(values, quantum) : 0;
  if (!(step > 0)) return 0;
  std::size_t flips = 0;
  std::vector<double> off(values.size(), 0), sum(values.size() + 1, 0);  // off the first value's grid
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double change = values[i] - values[i - 1], steps = std::round(change / step);
    const double rest = change - steps * step;
    const bool flip = std::abs(rest) > on_grid * step && std::abs(steps) <= most_steps;
    flips += flip;
    off[i] = off[i - 1] + (flip ? rest : 0);
  }
  for (std::size_t i = 0; i < values.size(); ++i) sum[i + 1] = sum[i] + off[i];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t low = i > smooth ? i - smooth : 0, high = std::min(values.size(), i + smooth + 1);
    values[i] += (sum[high] - sum[low]) / static_cast<double>(high - low) - off[i];
  }
  return flips;
}

}  // namespace layerwatt::forward
