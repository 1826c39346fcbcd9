// SPDX-License-Identifier: Apache-2.0
// Greedy joining of neighbours; see super_layers.h.
#include "attribution/forward/super_layers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attribution/statistics.h"

namespace layerwatt::forward {

namespace {

double width_of(const Unit& unit) {
  if (!(unit.energy > 0)) return std::numeric_limits<double>::max();
  return normal_975 * unit.deviation / unit.energy;
}

}  // namespace

std::vector<Unit> join_layers(const Eigen::VectorXd& energy, const Eigen::MatrixXd& covariance,
                              const Eigen::VectorXd& edge, double worst, const std::vector<bool>& glued) {
  const auto make = [&](std::size_t first, std::size_t last) {
    const auto from = static_cast<Eigen::Index>(first), count = static_cast<Eigen::Index>(last - first + 1);
    const double statistical = covariance.block(from, from, count, count).sum();
    const double edges = edge[from] * edge[from] + edge[from + count] * edge[from + count];
    return Unit{first, last, energy.segment(from, count).sum(),
                std::sqrt(std::max(statistical, 0.0) + edges)};
  };
  std::vector<Unit> units;
  for (std::size_t l = 0; l < static_cast<std::size_t>(energy.size()); ++l)
    if (l > 0 && !glued.empty() && glued[l])
      units.back() = make(units.back().first, l);
    else
      units.push_back(make(l, l));
  const auto wider = [](const Unit& a, const Unit& b) { return width_of(a) < width_of(b); };
  while (units.size() > 1) {
    const auto bad = std::max_element(units.begin(), units.end(), wider);
    if (width_of(*bad) <= worst) break;
    const bool any_before = bad != units.begin(), any_after = bad + 1 != units.end();
    const Unit before = any_before ? make((bad - 1)->first, bad->last) : Unit{};
    const Unit after = any_after ? make(bad->first, (bad + 1)->last) : Unit{};
    const bool backwards = !any_after || (any_before && width_of(before) < width_of(after));
    const auto kept = backwards ? bad - 1 : bad;
    *kept = backwards ? before : after;
    units.erase(kept + 1);
  }
  return units;
}

}  // namespace layerwatt::forward
