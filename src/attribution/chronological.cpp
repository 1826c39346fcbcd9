// SPDX-License-Identifier: Apache-2.0
// One walk along readings and layers together; see chronological.h.
#include "attribution/chronological.h"

#include <algorithm>
#include <cmath>

#include "attribution/statistics.h"

namespace layerwatt {

namespace {

// Weighted mean and spread. Sums of differences from the first power: what varies is small against the mean.
class Spread {
 public:
  void add(Watts power, double weight, double share) {
    if (weight_ == 0) about_ = power;
    shares_ += share;
    weight_ += weight;
    weight_squares_ += weight * weight;
    const double difference = (power - about_).value();
    sum_ += weight * difference;
    squares_ += weight * difference * difference;
  }
  // `rounding`: half-width for what the sensor rounds away, the same for all.
  [[nodiscard]] LayerPower power(double rounding) const {
    LayerPower result;
    if (weight_ <= 0) return result;
    result.readings = static_cast<std::size_t>(std::max(1L, std::lround(shares_)));
    const double offset = sum_ / weight_;
    result.mean = about_ + Watts{offset};
    const double effective = weight_ * weight_ / weight_squares_;  // Kish: readings of equal weight
    if (effective <= 1.001) return result;
    const double variance = std::max(0.0, squares_ / weight_ - offset * offset) * effective / (effective - 1);
    result.half_width = Watts{std::hypot(normal_975 * std::sqrt(variance / effective), rounding)};
    return result;
  }

 private:
  Watts about_;
  double shares_ = 0, weight_ = 0, weight_squares_ = 0, sum_ = 0, squares_ = 0;
};

// Divides windows over pieces. The last of the columns is the time between layers.
class Mapping {
 public:
  Mapping(Pieces pieces, std::size_t columns) : pieces_{pieces}, spreads_(columns) {}
  void add(const ReadingWindow& window) {
    const Instant to = std::max(window.to, window.from + Nanoseconds{1});  // a moment lies in one piece
    const double whole = 1 / static_cast<double>((to - window.from).count());
    pieces_.divide(window.from, to, [&](std::size_t column, Instant begin, Instant end) {
      const double share = static_cast<double>((end - begin).count()) * whole;
      spreads_[column].add(window.power, window.weight * share, share);
    });
  }
  [[nodiscard]] LayerPowers powers(std::optional<Watts> quantum) const {
    const double uniform = normal_975 / std::sqrt(12.0);  // of a step of width 1
    const double rounding = quantum ? quantum->value() * uniform : 0;
    LayerPowers result;
    for (const Spread& spread : spreads_) result.layers.push_back(spread.power(rounding));
    result.between = result.layers.back();
    result.layers.pop_back();
    return result;
  }

 private:
  Pieces pieces_;
  std::vector<Spread> spreads_;
};

}  // namespace

LayerPowers map_chronologically(const RailRecord& rail, const PowerTrace& trace, const Execution& execution,
                                const Segments& segments, std::size_t layers) {
  Mapping mapping{Pieces{execution, segments, layers}, layers + 1};
  each_window(trace, [&](const ReadingWindow& window) { mapping.add(window); });
  return mapping.powers(rail.channel.quantum);
}

LayerPowers map_chronologically(const std::vector<ReadingWindow>& windows, const Execution& execution,
                                const Segments& segments, std::size_t layers, std::optional<Watts> quantum) {
  Mapping mapping{Pieces{execution, segments, layers}, layers + 1};
  for (const ReadingWindow& window : windows) mapping.add(window);
  return mapping.powers(quantum);
}

}  // namespace layerwatt
