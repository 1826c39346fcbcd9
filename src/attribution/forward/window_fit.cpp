// SPDX-License-Identifier: Apache-2.0
// Search over lag, width and tail; see window_fit.h.
#include "attribution/forward/window_fit.h"

#include <algorithm>
#include <cmath>

#include "attribution/forward/drift.h"
#include "attribution/forward/minimise.h"
#include "attribution/forward/robust.h"
#include "attribution/forward/shrinkage.h"
#include "attribution/forward/whitening.h"

namespace layerwatt::forward {

namespace {

constexpr std::size_t coarse_readings = 5000, fine_readings = 12'000;  // of all rails together
constexpr std::size_t candidates = 5;
constexpr double longest_tail_us = 5000;
constexpr double finest_us = 3;  // the estimate itself refines further, with all readings

// A stretch of consecutive readings from the middle of the run, whose windows lie inside the segments at
// every lag that is tried, so that all likelihoods are of the same readings.
struct Stretch {
  std::size_t from = 0, to = 0;
};

Stretch middle_stretch(const Segments& segments, const Series& series, std::size_t most, double reach_us) {
  const double low = segments.knot_us.front() + reach_us, high = segments.knot_us.back() - reach_us;
  const auto begin = std::lower_bound(series.stamp_us.begin(), series.stamp_us.end(), low);
  const auto end = std::upper_bound(begin, series.stamp_us.end(), high);
  const auto first = static_cast<std::size_t>(begin - series.stamp_us.begin());
  const auto count = static_cast<std::size_t>(end - begin);
  const std::size_t used = std::min(count, most);
  return {first + (count - used) / 2, first + (count - used) / 2 + used};
}

// For the search only: averages are weighed with a fixed guess of their fresh noise.
double rest_guess(const Series& series) {
  const double fresh = 0.05 * (1 - series.decay);  // 50 mW of one conversion, as it enters the average
  return fresh * fresh;
}

class Search {
 public:
  Search(const Segments& segments, std::span<const Series* const> rails, std::size_t layers, double reach_us)
      : segments_{segments},
        rails_{rails},
        layers_{layers},
        reach_us_{reach_us},
        likeness_{likeness_precision(layers)} {}

  [[nodiscard]] double misfit(const Window& window, std::size_t most) const {
    double sum = 0;
    for (const Series* rail : rails_) sum += misfit_of_rail(*rail, window, most / rails_.size());
    return sum;
  }

 private:
  [[nodiscard]] double misfit_of_rail(const Series& series, const Window& window, std::size_t most) const {
    const Stretch stretch = middle_stretch(segments_, series, most, reach_us_);
    if (stretch.to - stretch.from < layers_ / 2 + 10) return 0;
    constexpr std::size_t drift_degree = 2;
    const DriftBasis drift{stretch.from, stretch.to - 1, drift_degree, segments_.columns};
    const std::size_t columns = segments_.columns + drift_degree;
    Accumulator sums{layers_, columns, stretch.to - stretch.from, 1};
    Observations observations{segments_, series, window};
    RoundingFilter rounding{series.rounding_variance, rest_guess(series), columns};
    Row row;
    bool first = true;
    for (std::size_t k = stretch.from; k < stretch.to; ++k) {
      if (!observations.row(k, row)) {
        first = true;
        continue;
      }
      drift.append(k, row);
      double value = series.value[k];
      if (!series.kept.empty()) {
        first = first || series.index[k] != series.index[k - 1] + 1;
        const double scale = 1 - series.kept[k];
        value *= scale;
        for (auto& entry : row) entry.second *= scale;
        rounding.next(first, series.kept[k], row, value);
        first = false;
      }
      sums.add(row, value);
    }
    return misfit_of(sums.finish(), likeness_);
  }

  const Segments& segments_;
  std::span<const Series* const> rails_;
  std::size_t layers_;
  double reach_us_;
  Eigen::MatrixXd likeness_;
};

struct Grid {
  std::vector<double> lag, misfit;
  std::size_t best = 0;
};

Grid coarse_grid(const Search& search, const Window& start, const WindowSearch& range, double step) {
  Grid grid;
  for (double lag = range.earliest_us; lag <= range.latest_us; lag += step) {
    grid.lag.push_back(lag);
    grid.misfit.push_back(search.misfit({lag, start.width_us, start.tail_us}, coarse_readings));
    if (grid.misfit.back() < grid.misfit[grid.best]) grid.best = grid.lag.size() - 1;
  }
  return grid;
}

// Local minima that could still turn out best, best first.
std::vector<std::size_t> promising(const Grid& grid) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < grid.lag.size(); ++i) {
    const bool below_left = i == 0 || grid.misfit[i] <= grid.misfit[i - 1];
    const bool below_right = i + 1 == grid.lag.size() || grid.misfit[i] <= grid.misfit[i + 1];
    if (below_left && below_right) found.push_back(i);
  }
  std::sort(found.begin(), found.end(),
            [&](std::size_t a, std::size_t b) { return grid.misfit[a] < grid.misfit[b]; });
  const double lowest = grid.misfit[grid.best];
  const double worth = lowest + std::max(50.0, 0.25 * (median(grid.misfit) - lowest));
  std::erase_if(found, [&](std::size_t i) { return grid.misfit[i] > worth; });
  if (found.size() > candidates) found.resize(candidates);
  return found;
}

Window refine(const Search& search, const Window& start, bool fit_width, bool fit_tail) {
  if (!fit_width && !fit_tail) return start;
  const auto unpack = [&](const Eigen::VectorXd& x) {
    Window window{x[0], start.width_us, start.tail_us};
    Eigen::Index i = 1;
    if (fit_width) window.width_us = std::min(std::abs(x[i++]) + 2, 10 * start.width_us);
    if (fit_tail) window.tail_us = std::min(std::abs(x[i]), longest_tail_us);
    return window;
  };
  const Eigen::Index free = 1 + (fit_width ? 1 : 0) + (fit_tail ? 1 : 0);
  Simplex simplex{Eigen::VectorXd(free), Eigen::VectorXd(free), 0.2, 60};
  simplex.start[0] = start.lag_us;
  simplex.step[0] = 0.1 * start.width_us;
  if (fit_width) {
    simplex.start[1] = start.width_us;
    simplex.step[1] = 0.15 * start.width_us;
  }
  if (fit_tail) {
    simplex.start[free - 1] = 30;
    simplex.step[free - 1] = 60;
  }
  const Window found = unpack(simplex_minimum(
      [&](const Eigen::VectorXd& x) { return search.misfit(unpack(x), fine_readings); }, simplex));
  // The plain window stays unless the richer one is likelier by more than chance gives in one run of
  // hundreds: a tail that is not there shifts the lag.
  constexpr double least_gain = 6;
  const bool better = search.misfit(found, fine_readings) + least_gain < search.misfit(start, fine_readings);
  return better ? found : start;
}

// Looks 12 ms further on both sides, in steps that are small against what inferences change power by.
// Likelier means: by more than chance or a mistaken window gives, with the same readings.
std::optional<double> beyond(const Search& search, const Window& best, const WindowSearch& range) {
  constexpr double further_us = 12'000, step_us = 400, clearly = 100;
  constexpr std::size_t few_readings = 2000;
  const auto misfit = [&](double lag) {
    return search.misfit({lag, best.width_us, best.tail_us}, few_readings);
  };
  double lowest = misfit(best.lag_us) - clearly;
  std::optional<double> found;
  const auto look = [&](double lag) {
    const double value = misfit(lag);
    if (value >= lowest) return;
    lowest = value;
    found = lag;
  };
  for (double off = step_us; off <= further_us; off += step_us) {
    look(range.earliest_us - off);
    look(range.latest_us + off);
  }
  return found;
}

}  // namespace

FittedWindow fit_window(const Segments& segments, std::span<const Series* const> rails, std::size_t layers,
                        const WindowSearch& range) {
  const Series& shape = *rails.front();
  const bool by_length = shape.kind == WindowKind::interval || shape.kind == WindowKind::slow_average;
  double longest = shape.width_us + shape.period_us * 8;
  for (const Series* rail : rails)
    for (const double length : rail->length_us) longest = std::max(longest, length);
  const double reach = range.latest_us - range.earliest_us + 2 * longest + shape.jitter_us + 2000;
  const Search search{segments, rails, layers, reach};
  Window start{0, shape.width_us, 0};
  // Fine enough for the edges of short windows; wide ones tell little of where they end.
  const double step = std::max({20.0, std::min(shape.width_us, 400.0) / 8, shape.width_us / 40});
  const Grid grid = coarse_grid(search, start, range, step);

  FittedWindow fitted{start, 0, std::nullopt};
  const double apart = std::max(2.5 * step, 0.75 * std::min(shape.width_us, 400.0));
  bool any_distant = false;
  for (std::size_t i = 0; i < grid.lag.size(); ++i) {
    if (std::abs(grid.lag[i] - grid.lag[grid.best]) <= apart) continue;
    const double behind = grid.misfit[i] - grid.misfit[grid.best];
    fitted.margin = any_distant ? std::min(fitted.margin, behind) : behind;
    any_distant = true;
  }
  double lowest = 0;
  bool any = false;
  for (const std::size_t i : promising(grid)) {
    const auto at = [&](double lag) { return search.misfit({lag, start.width_us, 0}, fine_readings); };
    const double lag = minimum_between(at, grid.lag[i] - step, grid.lag[i] + step, finest_us);
    const double value = at(lag);
    if (any && value >= lowest) continue;
    any = true;
    lowest = value;
    fitted.window.lag_us = lag;
  }
  fitted.window =
      refine(search, fitted.window, !shape.width_known && !by_length, range.fit_tail && !by_length);
  constexpr double further_reach_us = 24'000;
  fitted.beyond_us = beyond(Search{segments, rails, layers, reach + further_reach_us}, fitted.window, range);
  return fitted;
}

}  // namespace layerwatt::forward
