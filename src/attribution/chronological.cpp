// SPDX-License-Identifier: Apache-2.0
// One walk along readings and layers together; see chronological.h.
#include "attribution/chronological.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "attribution/statistics.h"

namespace layerwatt {

namespace {

// Weighted mean and spread. Sums of differences from some power of the rail: what varies is small against it.
class Spread {
 public:
  void add(double difference, double weight, double share) {
    shares_ += share;
    const double part = weight * difference;
    sums_ += Sums{weight, weight * weight, part, part * difference};
  }
  // `rounding`: half-width for what the sensor rounds away, the same for all.
  [[nodiscard]] LayerPower power(Watts about, double rounding) const {
    LayerPower result;
    const auto& [weight, weight_squares, sum, squares] = sums_.terms;
    if (weight <= 0) return result;
    result.readings = static_cast<std::size_t>(std::max(1L, std::lround(shares_)));
    const double offset = sum / weight;
    result.mean = about + Watts{offset};
    const double effective = weight * weight / weight_squares;  // Kish: readings of equal weight
    if (effective <= 1.001) return result;
    const double variance = std::max(0.0, squares / weight - offset * offset) * effective / (effective - 1);
    result.half_width = Watts{std::hypot(normal_975 * std::sqrt(variance / effective), rounding)};
    return result;
  }

 private:
  // Added together, which processors can do at once.
  struct Sums {
    std::array<double, 4> terms{};  // of weights, their squares, differences, and their squares, weighted
    Sums& operator+=(const Sums& next) {
      for (std::size_t i = 0; i < terms.size(); ++i) terms[i] += next.terms[i];
      return *this;
    }
  };
  Sums sums_;
  double shares_ = 0;
};

// Divides windows over pieces. The last of the columns is the time between layers.
class Mapping {
 public:
  Mapping(Pieces pieces, std::size_t columns) : pieces_{pieces}, spreads_(columns) {}
  void add(const ReadingWindow& window) {
    const Instant to = std::max(window.to, window.from + Nanoseconds{1});  // a moment lies in one piece
    const double whole = 1 / static_cast<double>((to - window.from).count());
    if (!about_) about_ = window.power;
    const double difference = (window.power - *about_).value();
    pieces_.divide(window.from, to, [&](std::size_t column, Instant begin, Instant end) {
      const double share = static_cast<double>((end - begin).count()) * whole;
      spreads_[column].add(difference, window.weight * share, share);
    });
  }
  [[nodiscard]] LayerPowers powers(std::optional<Watts> quantum) const {
    const double uniform = normal_975 / std::sqrt(12.0);  // of a step of width 1
    const double rounding = quantum ? quantum->value() * uniform : 0;
    LayerPowers result;
    for (const Spread& spread : spreads_)
      result.layers.push_back(spread.power(about_.value_or(Watts{}), rounding));
    result.between = result.layers.back();
    result.layers.pop_back();
    return result;
  }

 private:
  Pieces pieces_;
  std::vector<Spread> spreads_;
  std::optional<Watts> about_;  // the first power
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
