// SPDX-License-Identifier: Apache-2.0
// Student's t. Source of the expansion: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
#include "attribution/statistics.h"

#include <algorithm>
#include <array>

namespace layerwatt {

double student_975(std::size_t degrees) {
  // Below ten degrees the expansion is off by more than 0.001.
  static constexpr std::array<double, 10> small{0,      12.7062, 4.3027, 3.1824, 2.7764,
                                                2.5706, 2.4469,  2.3646, 2.3060, 2.2622};
  if (degrees < small.size()) return small[std::max<std::size_t>(degrees, 1)];
  const double n = static_cast<double>(degrees), z = normal_975;
  const double first = (std::pow(z, 3) + z) / 4;
  const double second = (5 * std::pow(z, 5) + 16 * std::pow(z, 3) + 3 * z) / 96;
  const double third = (3 * std::pow(z, 7) + 19 * std::pow(z, 5) + 17 * std::pow(z, 3) - 15 * z) / 384;
  return z + first / n + second / (n * n) + third / (n * n * n);
}

}  // namespace layerwatt
