// SPDX-License-Identifier: Apache-2.0
// Bootstrap over networks; see statistics.h.
#include "statistics.h"

#include <cmath>
#include <random>
#include <utility>

namespace layerwatt::accuracy {

Figure figure(const std::vector<Outcome>& outcomes, const Statistic& statistic) {
  std::vector<const Outcome*> all;
  for (const Outcome& one : outcomes)
    if (!one.failed) all.push_back(&one);
  if (all.empty()) return {};
  Figure figure{statistic(all), 0};
  std::mt19937_64 random{7};
  double sum = 0, squares = 0;
  constexpr int draws = 200;
  for (int i = 0; i < draws; ++i) {
    std::vector<const Outcome*> drawn;
    for (std::size_t k = 0; k < all.size(); ++k) drawn.push_back(all[random() % all.size()]);
    const double value = statistic(drawn);
    sum += value;
    squares += value * value;
  }
  figure.error = std::sqrt(std::max(squares / draws - (sum / draws) * (sum / draws), 0.0));
  return figure;
}

Statistic coverage_between(double low_us, double high_us) {
  return [=](const std::vector<const Outcome*>& outcomes) {
    double covered = 0, all = 0;
    for (const Outcome* one : outcomes)
      for (const LayerOutcome& layer : one->layers) {
        if (!layer.covered || layer.length_us < low_us || layer.length_us >= high_us) continue;
        covered += *layer.covered;
        all += 1;
      }
    return all > 0 ? covered / all : 1;
  };
}

Statistic ratio_of(Statistic above, Statistic below) {
  return [above = std::move(above), below = std::move(below)](const std::vector<const Outcome*>& outcomes) {
    const double under = below(outcomes);
    return under > 0 ? above(outcomes) / under : 0;
  };
}

}  // namespace layerwatt::accuracy
