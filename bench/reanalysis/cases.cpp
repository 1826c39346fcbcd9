// SPDX-License-Identifier: Apache-2.0
// Six shapes, from no spread to the one that an average over many inferences hides least.
#include "reanalysis/cases.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "simulation/random.h"
#include "simulation/score.h"

namespace layerwatt::reanalysis {

namespace {

// Rates that the virtual Nano's board file divides by; its [model] is UNCALIBRATED.
constexpr double macs_per_second = 1e11, bytes_per_second = 1e10;
constexpr double busy_w = 3.0, moving_w = 1.8, by_work_range_w = 3;

Case with_mean(std::string name, const std::vector<NetworkLayer>& network, std::vector<Watts> powers,
               Watts mean, Watts lowest) {
  for (int pass = 0; pass < 20; ++pass) {  // until cutting and shifting agree
    Joules drawn{};
    Moment time{};
    for (std::size_t i = 0; i < powers.size(); ++i) {
      drawn += energy(powers[i], network[i].duration);
      time += network[i].duration;
    }
    const Watts shift = mean - mean_power(drawn, time);
    for (Watts& power : powers) power = std::max(power + shift, lowest);
  }
  return {std::move(name), std::move(powers)};
}

std::vector<Watts> by_work(const std::vector<NetworkLayer>& network) {
  std::vector<Watts> powers;
  for (const NetworkLayer& layer : network) {
    const double work = busy_w * layer.macs / macs_per_second + moving_w * layer.bytes / bytes_per_second;
    powers.emplace_back(work / seconds(layer.duration));
  }
  const auto [low, high] = std::minmax_element(powers.begin(), powers.end());
  const double scale = by_work_range_w / (*high - *low).value();
  for (Watts& power : powers) power = scale * power;
  return powers;
}

std::vector<Watts> at_random(std::size_t layers, double deviation, std::uint64_t draw = 1) {
  simulation::Random random{draw, "true powers"};
  std::vector<Watts> powers;
  for (std::size_t i = 0; i < layers; ++i) powers.emplace_back(deviation * random.normal());
  return powers;
}

std::vector<Watts> halves(const std::vector<NetworkLayer>& network, double swing) {
  Moment total{}, begin{};
  for (const NetworkLayer& layer : network) total += layer.duration;
  std::vector<Watts> powers;
  for (const NetworkLayer& layer : network) {
    powers.emplace_back(begin + layer.duration / 2 < total / 2 ? swing : -swing);
    begin += layer.duration;
  }
  return powers;
}

std::vector<Watts> by_kind(const std::vector<NetworkLayer>& network, double swing) {
  std::vector<Watts> powers;
  for (const NetworkLayer& layer : network) {
    const bool dense = layer.kind == Kind::pointwise || layer.kind == Kind::convolution;
    powers.emplace_back(dense ? swing : -swing);
  }
  return powers;
}

std::vector<Watts> one_apart(const std::vector<NetworkLayer>& network, double more) {
  std::vector<Watts> powers(network.size());
  const auto longest = std::max_element(network.begin(), network.end(),
                                        [](const auto& a, const auto& b) { return a.duration < b.duration; });
  powers[static_cast<std::size_t>(longest - network.begin())] = Watts{more};
  return powers;
}

}  // namespace

std::vector<Case> cases(const std::vector<NetworkLayer>& network, Watts mean, Watts lowest) {
  std::vector<Case> all;
  const auto add = [&](std::string name, std::vector<Watts> powers) {
    all.push_back(with_mean(std::move(name), network, std::move(powers), mean, lowest));
  };
  add("all the same", std::vector<Watts>(network.size()));
  add("by MACs and bytes a second, 3 W", by_work(network));
  add("random, 0.5 W", at_random(network.size(), 0.5));
  add(random_case, at_random(network.size(), 1.5));
  add("dense convolutions 4 W above the rest", by_kind(network, 2));
  add("longest layer 4 W above the rest", one_apart(network, 4));
  add(slowest_case, halves(network, 2));
  return all;
}

Case random_draw(const std::vector<NetworkLayer>& network, Watts mean, Watts lowest, Watts deviation,
                 std::uint64_t draw) {
  return with_mean("random", network, at_random(network.size(), deviation.value(), draw), mean, lowest);
}

Spread spread_of(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {std::sqrt(squares / n), *low, *high};
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double product = 0;
  for (std::size_t i = 0; i < a.size(); ++i) product += (a[i] - mean_a) * (b[i] - mean_b);
  return product / n / (spread_of(a).deviation * spread_of(b).deviation);
}

std::vector<double> truths(const Observation& seen) {
  std::vector<double> values;
  for (const LayerSeen& layer : seen.layers) values.push_back(layer.truth.value());
  return values;
}

std::vector<double> apparent(const Observation& seen) {
  std::vector<double> values;
  for (const LayerSeen& layer : seen.layers) values.push_back(layer.power.value());
  return values;
}

double median_energy_error(const Observation& seen) {
  std::vector<double> errors;
  for (const LayerSeen& layer : seen.layers) errors.push_back(std::abs(layer.power / layer.truth - 1));
  return simulation::quantile(errors, 0.5).value_or(0);
}

}  // namespace layerwatt::reanalysis
