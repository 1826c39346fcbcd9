// SPDX-License-Identifier: Apache-2.0
// Conversions from the moments at which values change; see polled_clock.h and docs/forward.md.
#include "attribution/forward/polled_clock.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "attribution/forward/conversion_clock.h"
#include "attribution/forward/robust.h"

namespace layerwatt::forward {

namespace {

// Middles between two reads of which the later shows a new value.
std::vector<double> moments_of_change(const PolledReads& reads, double least_change) {
  std::vector<double> moments;
  for (std::size_t i = 1; i < reads.value.size(); ++i)
    if (std::abs(reads.value[i] - reads.value[i - 1]) > least_change)
      moments.push_back((reads.stamp_us[i] + reads.stamp_us[i - 1]) / 2);
  return moments;
}

// How well moments follow a period: |mean exp(2 pi i moment / period)|.
double rhythm(std::span<const double> moments, double period) {
  double east = 0, north = 0;
  for (const double moment : moments) {
    const double angle = 2 * std::numbers::pi * std::remainder(moment - moments.front(), period) / period;
    east += std::cos(angle);
    north += std::sin(angle);
  }
  return std::hypot(east, north) / static_cast<double>(moments.size());
}

// The period in which the moments come best, looked for over ever longer stretches: each tells it about as
// many times better as it is longer.
double period_of(std::span<const double> moments, double nominal) {
  constexpr std::size_t shortest = 64, longest = 4096;  // moments; the clock wanders over longer ones
  constexpr int tried = 40;                             // to each side
  double period = nominal, half_range = 0.1 * nominal;
  for (std::size_t n = shortest;; n *= 4) {
    const auto stretch = moments.first(std::min(n, moments.size()));
    double best = -1, at = period;
    for (int i = -tried; i <= tried; ++i) {
      const double one = period + half_range * i / tried;
      const double value = rhythm(stretch, one);
      if (value <= best) continue;
      best = value;
      at = one;
    }
    period = at;
    const double conversions = (stretch.back() - stretch.front()) / period;
    half_range = period / std::max(conversions, 1.0);
    if (n >= longest || n >= moments.size()) return period;
  }
}

// Conversions as a continuous count over time: whole numbers where one ends.
class Count {
 public:
  explicit Count(const ConversionClock& clock) : clock_{clock} {}
  // Ask in ascending order.
  double operator()(double at_us) {
    const auto& stamp = clock_.stamp_us;
    while (at_ + 2 < stamp.size() && stamp[at_ + 1] <= at_us) ++at_;
    return static_cast<double>(clock_.index[at_]) + (at_us - stamp[at_]) / clock_.period_us;
  }
  [[nodiscard]] double moment(std::int64_t index) const {
    return clock_.stamp_us[at_] + static_cast<double>(index - clock_.index[at_]) * clock_.period_us;
  }

 private:
  const ConversionClock& clock_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<PolledClock> fit_polled_clock(const PolledReads& reads, double nominal_us,
                                            double least_change) {
  constexpr std::size_t fewest_changes = 64;
  const std::vector<double> changes = moments_of_change(reads, least_change);
  if (changes.size() < fewest_changes) return std::nullopt;
  const auto clock = fit_conversion_clock(changes, nominal_us, period_of(changes, nominal_us));
  if (!clock) return std::nullopt;
  PolledClock found;
  found.period_us = clock->period_us;
  found.deviation_us = clock->deviation_us;
  std::vector<double> length;
  for (std::size_t i = 0; i < reads.stamp_us.size(); ++i)
    length.push_back(2 * (reads.stamp_us[i] - reads.begin_us[i]));
  // When within its duration a read fetched the value is not known: near the end of a conversion it may show
  // either.
  const double guard =
      std::min(0.2, (median(std::move(length)) / 2 + 2 * found.deviation_us) / found.period_us);
  Count count{*clock};
  for (std::size_t i = 0; i < reads.stamp_us.size(); ++i) {
    const double at = count(reads.stamp_us[i]);
    const double part = at - std::floor(at);
    if (part < guard || part > 1 - guard) continue;
    const auto index = static_cast<std::int64_t>(std::floor(at));
    // The last read of a conversion has the voltage that belongs to its current.
    if (!found.index.empty() && found.index.back() == index) {
      found.read.back() = i;
      continue;
    }
    found.read.push_back(i);
    found.index.push_back(index);
    found.stamp_us.push_back(count.moment(index));
  }
  if (found.read.size() < 20) return std::nullopt;
  return found;
}

}  // namespace layerwatt::forward
