// SPDX-License-Identifier: Apache-2.0
// Quantiles of durations and the quantile of Student's t. Source of the expansion: Abramowitz and Stegun,
// Handbook of Mathematical Functions, 26.7.5.
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

namespace {

// Leaves everything below the quantile before it and everything above behind it, so that a following call
// for a higher one only looks at the rest.
Nanoseconds quantile(std::vector<Nanoseconds>& values, std::size_t from, double share,
                     std::size_t& position) {
  const double rank = share * static_cast<double>(values.size() - 1);
  position = static_cast<std::size_t>(rank);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin() + static_cast<std::ptrdiff_t>(from), at, values.end());
  const double beyond = rank - static_cast<double>(position);
  if (beyond == 0) return *at;
  const Nanoseconds next = *std::min_element(at + 1, values.end());
  return *at + from_seconds(seconds(next - *at) * beyond);
}

}  // namespace

Distribution distribution_of(std::vector<Nanoseconds> durations) {
  Distribution result;
  if (durations.empty()) return result;
  result.count = durations.size();
  double sum = 0;
  for (const Nanoseconds duration : durations) sum += seconds(duration);
  result.mean = from_seconds(sum / static_cast<double>(durations.size()));
  std::size_t position = 0;
  result.minimum = *std::min_element(durations.begin(), durations.end());
  result.quartile1 = quantile(durations, 0, 0.25, position);
  result.median = quantile(durations, position, 0.5, position);
  result.quartile3 = quantile(durations, position, 0.75, position);
  result.percentile99 = quantile(durations, position, 0.99, position);
  return result;
}

}  // namespace layerwatt
