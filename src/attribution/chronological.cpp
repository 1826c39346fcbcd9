// SPDX-License-Identifier: Apache-2.0
// One walk along readings and layers together; nothing is searched for.
#include "attribution/chronological.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attribution/statistics.h"

namespace layerwatt {

namespace {

// Weighted mean and spread, updated value by value (West 1979).
class Spread {
 public:
  void add(Watts power, double weight) {
    ++count_;
    weight_ += weight;
    weight_squares_ += weight * weight;
    const double step = power.value() - mean_;
    mean_ += step * weight / weight_;
    squares_ += weight * step * (power.value() - mean_);
  }
  // `rounding`: half-width for what the sensor rounds away, the same for all.
  [[nodiscard]] LayerPower power(double rounding) const {
    LayerPower result;
    result.readings = count_;
    if (count_ == 0 || weight_ <= 0) return result;
    result.mean = Watts{mean_};
    const double effective = weight_ * weight_ / weight_squares_;  // Kish: readings of equal weight
    if (count_ < 2 || effective <= 1.001) return result;
    const double variance = squares_ / weight_ * effective / (effective - 1);
    result.half_width = Watts{std::hypot(normal_975 * std::sqrt(variance / effective), rounding)};
    return result;
  }

 private:
  std::size_t count_ = 0;
  double weight_ = 0, weight_squares_ = 0, mean_ = 0, squares_ = 0;
};

struct Spreads {
  explicit Spreads(std::size_t count) : layers(count) {}
  std::vector<Spread> layers;
  Spread between;
  [[nodiscard]] LayerPowers powers(double rounding) const {
    LayerPowers result;
    for (const Spread& layer : layers) result.layers.push_back(layer.power(rounding));
    result.between = between.power(rounding);
    return result;
  }
};

// Readings of power: each belongs to what ran at its moment.
void map_moments(const PowerTrace& trace, const Execution& execution, const std::vector<Segment>& segments,
                 Spreads& spreads) {
  auto segment = segments.begin();
  std::size_t inference = 0;
  const auto moments = trace.moments();
  for (std::size_t k = 0; k < moments.size(); ++k) {
    const Instant moment = moments[k];
    while (inference < execution.energy.size() && execution.energy[inference].unload_end <= moment)
      ++inference;
    if (inference == execution.energy.size()) return;
    if (moment < execution.energy[inference].load_begin || !execution.marked[inference]) continue;
    while (segment != segments.end() && segment->end <= moment) ++segment;
    const bool in_layer = segment != segments.end() && segment->begin <= moment;
    (in_layer ? spreads.layers[segment->layer] : spreads.between).add(trace.powers()[k], 1);
  }
}

// Stretches of a counter: each is split over what ran during it in proportion to time.
void map_stretches(const PowerTrace& trace, const Execution& execution, const std::vector<Segment>& segments,
                   Spreads& spreads) {
  std::size_t first_segment = 0, first_inference = 0;
  const auto moments = trace.moments();
  const auto overlap = [](Instant from, Instant to, Instant begin, Instant end) {
    return std::max(Nanoseconds{0}, std::min(to, end) - std::max(from, begin));
  };
  for (std::size_t k = 0; k + 1 < moments.size(); ++k) {
    const Instant from = moments[k], to = moments[k + 1];
    const auto power = trace.stretch_power(k);
    while (first_inference < execution.energy.size() && execution.energy[first_inference].unload_end <= from)
      ++first_inference;
    if (first_inference == execution.energy.size()) return;
    while (first_segment < segments.size() && segments[first_segment].end <= from) ++first_segment;
    if (!power) continue;
    Nanoseconds inferring{}, in_layers{};
    for (std::size_t i = first_inference; i < execution.energy.size(); ++i) {
      const Inference& one = execution.energy[i];
      if (one.load_begin >= to) break;
      if (execution.marked[i]) inferring += overlap(from, to, one.load_begin, one.unload_end);
    }
    for (std::size_t s = first_segment; s < segments.size() && segments[s].begin < to; ++s) {
      const Nanoseconds share = overlap(from, to, segments[s].begin, segments[s].end);
      if (share <= Nanoseconds{0} || !execution.marked[segments[s].inference]) continue;
      spreads.layers[segments[s].layer].add(*power, seconds(share));
      in_layers += share;
    }
    if (inferring > in_layers) spreads.between.add(*power, seconds(inferring - in_layers));
  }
}

// The order in which layers ran: by their mean place in the inference.
std::vector<std::uint32_t> order_of_layers(const Execution& execution, std::size_t layers) {
  std::vector<double> place(layers), runs(layers);
  for (const Segment& segment : execution.segments) {
    place[segment.layer] += seconds(segment.begin - execution.energy[segment.inference].compute_begin);
    ++runs[segment.layer];
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t l = 0; l < layers; ++l)
    if (runs[l] > 0) order.push_back(l);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return place[a] / runs[a] < place[b] / runs[b]; });
  return order;
}

}  // namespace

std::vector<Segment> stacked_segments(const Execution& execution, const InferenceTimes& marked,
                                      Residual residual) {
  const auto order = order_of_layers(execution, marked.layers.size());
  const Nanoseconds stack = std::accumulate(marked.layers.begin(), marked.layers.end(), Nanoseconds{0});
  std::vector<Segment> segments;
  segments.reserve(execution.marked_count * order.size());
  for (std::uint32_t i = 0; i < execution.energy.size(); ++i) {
    if (!execution.marked[i] || order.empty()) continue;
    const Inference& inference = execution.energy[i];
    const Nanoseconds left_over = std::max(Nanoseconds{0}, compute(inference) - stack);
    const Nanoseconds after_each = residual == Residual::spread
                                       ? left_over / static_cast<Nanoseconds::rep>(order.size())
                                       : Nanoseconds{0};
    Instant at = inference.compute_begin + (residual == Residual::start ? left_over : Nanoseconds{0});
    for (const std::uint32_t layer : order) {
      const Instant end = std::min(at + marked.layers[layer], inference.compute_end);
      if (end > at) segments.push_back({at, end, layer, i});
      at = std::min(end + after_each, inference.compute_end);
    }
  }
  return segments;
}

LayerPowers map_chronologically(const PowerTrace& trace, const Execution& execution,
                                const std::vector<Segment>& segments, std::size_t layers,
                                std::optional<Watts> quantum) {
  Spreads spreads{layers};
  if (trace.meaning() == Meaning::power_now)
    map_moments(trace, execution, segments, spreads);
  else
    map_stretches(trace, execution, segments, spreads);
  const double uniform = normal_975 / std::sqrt(12.0);  // of a step of width 1
  return spreads.powers(quantum ? quantum->value() * uniform : 0);
}

}  // namespace layerwatt
