// SPDX-License-Identifier: Apache-2.0
// Figures over many runs, with standard errors over networks.
#pragma once
#include <functional>
#include <vector>

#include "outcome.h"
#include "simulation/score.h"

namespace layerwatt::accuracy {

struct Figure {
  double value = 0, error = 0;
};
using Statistic = std::function<double(const std::vector<const Outcome*>&)>;

// The statistic of all outcomes, and its standard error by drawing networks with replacement.
Figure figure(const std::vector<Outcome>& outcomes, const Statistic& statistic);

// Of the layers of all outcomes.
template <class Get>
Statistic quantile_of(double q, Get get) {
  return [=](const std::vector<const Outcome*>& outcomes) {
    std::vector<double> values;
    for (const Outcome* one : outcomes)
      for (const LayerOutcome& layer : one->layers) values.push_back(get(layer));
    return simulation::quantile(std::move(values), q).value_or(0);
  };
}
// Share of intervals that hold the truth, of layers in [low, high) us.
Statistic coverage_between(double low_us, double high_us);
Statistic ratio_of(Statistic above, Statistic below);

}  // namespace layerwatt::accuracy
