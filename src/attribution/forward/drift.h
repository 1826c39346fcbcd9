// SPDX-License-Identifier: Apache-2.0
// Slow change of all power together (temperature, supply) as smooth columns of the regression.
#pragma once
#include <span>
#include <vector>

#include "attribution/forward/robust.h"
#include "attribution/forward/segments.h"

namespace layerwatt::forward {

// Legendre polynomials of degree 1..n over a course of readings, whose means over that course are zero.
// Counted in readings, not time: a pause of the machine is no drift.
class DriftBasis {
 public:
  DriftBasis(std::size_t first_reading, std::size_t last_reading, std::size_t degree,
             std::uint32_t first_column)
      : centre_{static_cast<double>(first_reading + last_reading) / 2},
        half_{static_cast<double>(last_reading - first_reading) / 2},
        degree_{degree},
        first_{first_column} {}
  void append(std::size_t reading, Row& row) const {
    if (degree_ == 0 || !(half_ > 0)) return;
    const double x = (static_cast<double>(reading) - centre_) / half_;
    double before = 1, now = x;
    for (std::size_t i = 1; i <= degree_; ++i) {
      row.emplace_back(first_ + static_cast<std::uint32_t>(i) - 1, now);
      const auto n = static_cast<double>(i);
      const double next = ((2 * n + 1) * x * now - n * before) / (n + 1);
      before = now;
      now = next;
    }
  }
  [[nodiscard]] std::size_t degree() const { return degree_; }

 private:
  double centre_, half_;
  std::size_t degree_;
  std::uint32_t first_;
};

// 0 below 5 s of readings, 2 below 30 s, 6 above.
inline std::size_t drift_degree(std::span<const double> stamp_us) {
  if (stamp_us.size() < 2) return 0;
  std::vector<double> steps;
  for (std::size_t i = 1; i < stamp_us.size(); ++i) steps.push_back(stamp_us[i] - stamp_us[i - 1]);
  const double length_us = median(std::move(steps)) * static_cast<double>(stamp_us.size());
  if (length_us < 5e6) return 0;
  return length_us < 30e6 ? 2 : 6;
}

}  // namespace layerwatt::forward
