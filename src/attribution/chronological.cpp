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
    if (count_ == 0) about_ = power;
    ++count_;
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
    if (count_ == 0 || weight_ <= 0) return result;
    result.readings = static_cast<std::size_t>(std::max(1L, std::lround(shares_)));
    const double offset = sum_ / weight_;
    result.mean = about_ + Watts{offset};
    const double effective = weight_ * weight_ / weight_squares_;  // Kish: readings of equal weight
    if (count_ < 2 || effective <= 1.001) return result;
    const double variance = std::max(0.0, squares_ / weight_ - offset * offset) * effective / (effective - 1);
    result.half_width = Watts{std::hypot(normal_975 * std::sqrt(variance / effective), rounding)};
    return result;
  }

 private:
  std::size_t count_ = 0;
  Watts about_;
  double shares_ = 0, weight_ = 0, weight_squares_ = 0, sum_ = 0, squares_ = 0;
};

// Divides windows over pieces. The last of the columns is the time between layers.
class Mapping {
 public:
  Mapping(Pieces pieces, std::size_t columns) : pieces_{pieces}, spreads_(columns) {
    more_ = pieces_.next(piece_);
  }
  void add(const ReadingWindow& window) {
    if (more_ && piece_.end <= window.from) {
      pieces_.skip_to(window.from);
      more_ = pieces_.next(piece_);
    }
    if (!more_ || piece_.begin > window.to) return;
    if (piece_.begin <= window.from && window.to <= piece_.end) {
      spreads_[piece_.column].add(window.power, window.weight, 1);
      return;
    }
    const double share_of_us = 1 / microseconds(window.to - window.from);
    while (more_ && piece_.begin < window.to) {
      const Nanoseconds overlap = std::min(window.to, piece_.end) - std::max(window.from, piece_.begin);
      const double share = microseconds(overlap) * share_of_us;
      spreads_[piece_.column].add(window.power, window.weight * share, share);
      if (piece_.end > window.to) return;  // the next window may lie in it, too
      more_ = pieces_.next(piece_);
    }
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
  Pieces::Piece piece_;
  bool more_ = false;
  std::vector<Spread> spreads_;
};

}  // namespace

LayerPowers map_chronologically(const RailRecord& rail, const PowerTrace& trace, const Execution& execution,
                                const Segments& segments, std::size_t layers) {
  Mapping mapping{Pieces{execution, segments, layers}, layers + 1};
  each_window(rail, trace, [&](const ReadingWindow& window) { mapping.add(window); });
  return mapping.powers(rail.channel.quantum);
}

LayerPowers map_chronologically(const std::vector<ReadingWindow>& windows, const Execution& execution,
                                const Segments& segments, std::size_t layers, std::optional<Watts> quantum) {
  Mapping mapping{Pieces{execution, segments, layers}, layers + 1};
  for (const ReadingWindow& window : windows) mapping.add(window);
  return mapping.powers(quantum);
}

}  // namespace layerwatt
