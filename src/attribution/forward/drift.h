// SPDX-License-Identifier: Apache-2.0
// Slow change of all power together (temperature, supply) as smooth columns of the regression.
#pragma once
#include "attribution/forward/segments.h"

namespace layerwatt::forward {

// Legendre polynomials of degree 1..n over [from, to], whose means over that stretch are zero.
class DriftBasis {
 public:
  DriftBasis(double from_us, double to_us, std::size_t degree, std::uint32_t first_column)
      : centre_{(from_us + to_us) / 2}, half_{(to_us - from_us) / 2}, degree_{degree}, first_{first_column} {}
  void append(double at_us, Row& row) const {
    if (degree_ == 0 || !(half_ > 0)) return;
    const double x = (at_us - centre_) / half_;
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

// 0 below 5 s, 2 below 30 s, 6 above.
inline std::size_t drift_degree(double length_us) {
  if (length_us < 5e6) return 0;
  return length_us < 30e6 ? 2 : 6;
}

}  // namespace layerwatt::forward
