// SPDX-License-Identifier: Apache-2.0
// Durations are log-normal within limits; powers are an autoregressive walk over the layers, or one of three
// patterns that are hard in other ways.
#include "simulation/synthetic_network.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace layerwatt::simulation {

namespace {

constexpr double mean_power_w = 5, neighbour_correlation = 0.5;
constexpr std::size_t outliers = 5;

// Stationary, unit variance.
std::vector<double> autoregressive(std::size_t n, Random& random) {
  std::vector<double> x(n);
  const double fresh = std::sqrt(1 - neighbour_correlation * neighbour_correlation);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = i == 0 ? random.normal() : neighbour_correlation * x[i - 1] + fresh * random.normal();
  return x;
}

std::vector<Moment> make_durations(const NetworkSettings& settings, Random& random) {
  std::vector<Moment> durations(settings.layers);
  for (Moment& d : durations) d = Moment{portable_exp(settings.spread * random.normal())};
  for (int pass = 0; pass < 60; ++pass) {  // until cutting and scaling agree
    const Moment sum = std::accumulate(durations.begin(), durations.end(), Moment{});
    for (Moment& d : durations)
      d = std::clamp(d * (settings.length / sum), settings.shortest, settings.longest);
  }
  return durations;
}

void add_outliers(std::vector<Watts>& powers, Random& random) {
  std::vector<std::size_t> order(powers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = 0; i < std::min(outliers, order.size()); ++i) {
    std::swap(order[i], order[i + random.below(order.size() - i)]);
    powers[order[i]] += Watts{random.uniform() < 0.5 ? -2.2 : 2.2};
  }
}

}  // namespace

std::vector<Watts> make_powers(const NetworkSettings& settings, Random& random) {
  std::vector<Watts> powers;
  if (settings.profile == PowerProfile::alternating) {
    for (std::uint32_t i = 0; i < settings.layers; ++i)
      powers.push_back(Watts{(i % 2 == 0 ? 7.0 : 3.0) + 0.2 * random.normal()});
    return powers;
  }
  for (const double x : autoregressive(settings.layers, random)) {
    switch (settings.profile) {
      case PowerProfile::flat: powers.push_back(Watts{mean_power_w * (1 + 0.01 * x)}); break;
      case PowerProfile::outlier: powers.push_back(Watts{mean_power_w * (1 + 0.03 * x)}); break;
      default: powers.push_back(Watts{std::clamp(mean_power_w + 1.5 * x, 2.0, 8.0)});
    }
  }
  if (settings.profile == PowerProfile::outlier) add_outliers(powers, random);
  return powers;
}

SyntheticNetwork make_network(const NetworkSettings& settings, Random& random) {
  SyntheticNetwork network;
  network.durations = make_durations(settings, random);
  network.powers = make_powers(settings, random);
  return network;
}

}  // namespace layerwatt::simulation
