// SPDX-License-Identifier: Apache-2.0
// Local linear regression of stamps on conversion numbers, with late reads clipped; see conversion_clock.h
// and docs/forward.md.
#include "attribution/forward/conversion_clock.h"

#include <algorithm>
#include <cmath>

#include "attribution/forward/robust.h"

namespace layerwatt::forward {

namespace {

constexpr std::size_t half_window = 500;  // conversions; follows 30 ppm wander, averages jitter by ~ 1/30
constexpr int passes = 3;
constexpr double clip_at = 3.5;  // robust standard deviations

struct Line {
  double intercept, slope;
};

Line fit_line(std::span<const double> x, std::span<const double> y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  const double slope = xx > 0 ? xy / xx : 0;
  return {mean_y - slope * mean_x, slope};
}

double median_difference(std::span<const double> a, std::span<const double> b) {
  std::vector<double> difference(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
  return median(std::move(difference));
}

// Where reads usually come once a conversion, two of one number mean that the first was a whole period late
// and shows the conversion before: both are in doubt. Where polling is faster, the first of each counts.
std::vector<bool> reliable_reads(const ConversionClock& clock, std::span<const double> residual,
                                 std::span<const double> fitted) {
  const std::size_t n = residual.size();
  const double middle = median_difference(residual, fitted);
  std::size_t repeats = 0;
  for (std::size_t i = 1; i < n; ++i) repeats += clock.index[i] == clock.index[i - 1];
  const bool polled_faster = repeats * 4 > n;
  std::vector<bool> reliable(n);
  for (std::size_t i = 0; i < n; ++i) {
    reliable[i] = std::abs(residual[i] - fitted[i] - middle) <= clip_at * clock.residual_us;
    if (i == 0 || clock.index[i] != clock.index[i - 1]) continue;
    reliable[i] = false;
    if (!polled_faster) reliable[i - 1] = false;
  }
  return reliable;
}

// Value at each point of the least-squares line through the points within `half` places of it.
std::vector<double> local_lines(std::span<const double> x, std::span<const double> y, std::size_t half) {
  const std::size_t n = x.size();
  std::vector<double> sx(n + 1), sy(n + 1), sxx(n + 1), sxy(n + 1), fitted(n);
  for (std::size_t i = 0; i < n; ++i) {
    sx[i + 1] = sx[i] + x[i];
    sy[i + 1] = sy[i] + y[i];
    sxx[i + 1] = sxx[i] + x[i] * x[i];
    sxy[i + 1] = sxy[i] + x[i] * y[i];
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t low = i > half ? i - half : 0, high = std::min(n, i + half + 1);
    const auto m = static_cast<double>(high - low);
    const double mean_x = (sx[high] - sx[low]) / m, mean_y = (sy[high] - sy[low]) / m;
    const double xx = (sxx[high] - sxx[low]) - m * mean_x * mean_x;
    const double xy = (sxy[high] - sxy[low]) - m * mean_x * mean_y;
    fitted[i] = mean_y + (xx > 0 ? xy / xx : 0) * (x[i] - mean_x);
  }
  return fitted;
}

// Numbers each reading by the conversion it shows: a slow loop follows the phase of the conversions, so that
// a late read cannot shift all that come after it. The period is refined over the whole run and counted
// again.
std::vector<std::int64_t> count_conversions(std::span<const double> stamps, double& period) {
  constexpr double follow = 0.05;         // of a residual goes into the phase: about 20 reads of memory
  constexpr double most_of_period = 0.1;  // a later read than this moves the phase no further
  std::vector<std::int64_t> index(stamps.size());
  for (int pass = 0; pass < 4; ++pass) {
    double expected = stamps.front();  // moment of conversion index[i - 1], plus the usual lateness
    for (std::size_t i = 1; i < stamps.size(); ++i) {
      const auto steps = std::max<std::int64_t>(0, std::llround((stamps[i] - expected) / period));
      index[i] = index[i - 1] + steps;
      expected += static_cast<double>(steps) * period;
      expected +=
          follow * std::clamp(stamps[i] - expected, -most_of_period * period, most_of_period * period);
    }
    if (index.back() == 0) break;
    period = (expected - stamps.front()) / static_cast<double>(index.back());
  }
  return index;
}

}  // namespace

namespace {

// The commonest step between reads, in conversions: not biased by late reads.
std::optional<double> usual_period(std::span<const double> stamps, double nominal) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    const double count = std::round((stamps[i] - stamps[i - 1]) / nominal);
    if (count >= 1 && count <= 4) steps.push_back((stamps[i] - stamps[i - 1]) / count);
  }
  if (steps.size() < stamps.size() / 4) return std::nullopt;
  return median(std::move(steps));
}

}  // namespace

std::optional<ConversionClock> fit_conversion_clock(std::span<const double> stamps_us, double nominal_us,
                                                    std::optional<double> near_us) {
  const std::size_t n = stamps_us.size();
  if (n < 20 || !(nominal_us > 0)) return std::nullopt;
  const auto first = near_us ? near_us : usual_period(stamps_us, nominal_us);
  if (!first || std::abs(*first / nominal_us - 1) > 0.12) return std::nullopt;
  ConversionClock clock;
  clock.period_us = *first;
  clock.index = count_conversions(stamps_us, clock.period_us);
  if (clock.index.back() == 0) return std::nullopt;

  std::vector<double> x(n), residual(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<double>(clock.index[i]);
  const Line line = fit_line(x, stamps_us);
  const double centre = x[n / 2];
  for (std::size_t i = 0; i < n; ++i) {
    residual[i] = stamps_us[i] - line.intercept - line.slope * x[i];
    x[i] -= centre;
  }
  std::vector<double> clipped = residual, fitted;
  const std::size_t half = std::min(half_window, std::max<std::size_t>(5, n / 3));
  for (int pass = 0; pass < passes; ++pass) {
    fitted = local_lines(x, clipped, half);
    std::vector<double> left(n);
    for (std::size_t i = 0; i < n; ++i) left[i] = residual[i] - fitted[i];
    const double middle = median(left), spread = robust_deviation(left);
    for (std::size_t i = 0; i < n; ++i)
      clipped[i] = std::abs(left[i] - middle) > clip_at * spread ? fitted[i] + middle : residual[i];
    clock.residual_us = spread;
  }
  clock.period_us = line.slope;
  clock.deviation_us = clock.residual_us / std::sqrt(static_cast<double>(std::min(2 * half + 1, n)));
  clock.reliable = reliable_reads(clock, residual, fitted);
  if (clock.residual_us > clock.period_us / 3) return std::nullopt;
  clock.stamp_us.resize(n);
  for (std::size_t i = 0; i < n; ++i)
    clock.stamp_us[i] = line.intercept + line.slope * (x[i] + centre) + fitted[i];
  return clock;
}

}  // namespace layerwatt::forward
