// SPDX-License-Identifier: Apache-2.0
// Golden section and Nelder-Mead; see minimise.h.
#include "attribution/forward/minimise.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace layerwatt::forward {

double minimum_between(const std::function<double(double)>& f, double low, double high, double tolerance) {
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double a = high - golden * (high - low), b = low + golden * (high - low);
  double at_a = f(a), at_b = f(b);
  while (high - low > tolerance) {
    if (at_a < at_b) {
      high = b;
      b = a;
      at_b = at_a;
      a = high - golden * (high - low);
      at_a = f(a);
    } else {
      low = a;
      a = b;
      at_a = at_b;
      b = low + golden * (high - low);
      at_b = f(b);
    }
  }
  return at_a < at_b ? a : b;
}

Eigen::VectorXd simplex_minimum(const std::function<double(const Eigen::VectorXd&)>& f,
                                const Simplex& simplex) {
  struct Corner {
    Eigen::VectorXd at;
    double value;
  };
  int evaluations = 0;
  const auto corner = [&](Eigen::VectorXd at) {
    ++evaluations;
    const double value = f(at);
    return Corner{std::move(at), value};
  };
  const auto by_value = [](const Corner& a, const Corner& b) { return a.value < b.value; };
  std::vector<Corner> corners{corner(simplex.start)};
  for (Eigen::Index i = 0; i < simplex.start.size(); ++i) {
    Eigen::VectorXd at = simplex.start;
    at[i] += simplex.step[i];
    corners.push_back(corner(at));
  }
  std::sort(corners.begin(), corners.end(), by_value);
  while (evaluations < simplex.most_evaluations &&
         corners.back().value - corners.front().value > simplex.tolerance) {
    Eigen::VectorXd centre = Eigen::VectorXd::Zero(simplex.start.size());
    for (std::size_t i = 0; i + 1 < corners.size(); ++i) centre += corners[i].at;
    centre /= static_cast<double>(corners.size() - 1);
    const Eigen::VectorXd away = centre - corners.back().at;
    Corner next = corner(centre + away);
    if (next.value < corners.front().value) {
      Corner further = corner(centre + 2 * away);
      if (further.value < next.value) next = std::move(further);
    } else if (next.value >= corners[corners.size() - 2].value) {
      const bool outside = next.value < corners.back().value;
      Corner nearer = corner(centre + (outside ? 0.5 : -0.5) * away);
      if (nearer.value < std::min(next.value, corners.back().value)) {
        next = std::move(nearer);
      } else {  // nothing better on that line: draw all towards the best
        for (std::size_t i = 1; i < corners.size(); ++i)
          corners[i] = corner((corners.front().at + corners[i].at) / 2);
        std::sort(corners.begin(), corners.end(), by_value);
        continue;
      }
    }
    corners.back() = std::move(next);
    std::sort(corners.begin(), corners.end(), by_value);
  }
  return corners.front().at;
}

}  // namespace layerwatt::forward
