// SPDX-License-Identifier: Apache-2.0
// The chain of docs/attribution.md for one rail; see estimate.h.
#include "attribution/forward/estimate.h"

#include <algorithm>
#include <cmath>

#include "attribution/forward/drift.h"
#include "attribution/forward/normal_equations.h"
#include "attribution/forward/robust.h"
#include "attribution/forward/shrinkage.h"
#include "attribution/forward/whitening.h"

namespace layerwatt::forward {

namespace {

constexpr double outlier_at = 5;  // robust standard deviations
constexpr int quick_scales = 8, all_scales = 20;
constexpr double smallest_tail_us = 4;  // below it a tail has no derivative worth a column

// What is done to rows before they are summed.
struct Filters {
  double rest_variance = 0;  // of averages
  std::vector<double> autoregression;
  std::vector<char> left_out;  // by reading; empty = none
};

// The residuals of one pass, after the rounding filter and before the autoregression.
struct Residuals {
  std::vector<std::size_t> reading;
  std::vector<std::int64_t> index;
  std::vector<double> value;             // as whitened
  std::vector<double> difference, kept;  // averages: unscaled differences, for the rest variance
  std::vector<char> first;
};

class Chain {
 public:
  Chain(const Segments& segments, const Series& series, const Window& start, const EstimateOptions& options)
      : segments_{segments},
        series_{series},
        options_{options},
        window_{start},
        drift_{series.stamp_us.front(), series.stamp_us.back(),
               drift_degree(series.stamp_us.back() - series.stamp_us.front()), segments.columns} {
    mask();
  }
  std::optional<RailEstimate> run();

 private:
  void mask();
  [[nodiscard]] std::size_t derivatives() const;
  [[nodiscard]] std::size_t columns(bool with_derivatives) const {
    return segments_.columns + drift_.degree() + (with_derivatives ? derivatives() : 0);
  }
  template <class Use>
  void stream(const Eigen::VectorXd* power, Use&& use) const;
  [[nodiscard]] NormalEquations sum(const Eigen::VectorXd* power) const;
  [[nodiscard]] Eigen::VectorXd shares() const;
  [[nodiscard]] Residuals residuals(const Eigen::VectorXd& power, const Eigen::VectorXd& all) const;
  void update_window(const Fit& fit);
  void learn_filters(const Eigen::VectorXd& power, const Eigen::VectorXd& all);
  [[nodiscard]] Fit fit(const NormalEquations& equations, int scales) const {
    return shrink(equations, {4, scales, options_.classes});
  }

  const Segments& segments_;
  const Series& series_;
  const EstimateOptions& options_;
  Window window_;
  DriftBasis drift_;
  Filters filters_;
  std::vector<char> masked_;  // by reading
  double noise_ = 0, kurtosis_ = 0;
  std::size_t outliers_ = 0;
};

bool moves_width(const Series& series) {
  return !series.width_known && (series.kind == WindowKind::conversion || series.kind == WindowKind::average);
}

std::size_t Chain::derivatives() const {
  return 1 + (moves_width(series_) ? 1 : 0) + (window_.tail_us > smallest_tail_us ? 1 : 0);
}

void Chain::mask() {
  masked_.assign(series_.size(), 0);
  if (options_.masked.empty()) return;
  Observations observations{segments_, series_, window_};
  std::size_t at = 0;
  for (std::size_t k = 0; k < series_.size(); ++k) {
    const auto [oldest, newest] = observations.reach(k);
    while (at < options_.masked.size() && options_.masked[at].second < oldest) ++at;
    masked_[k] = at < options_.masked.size() && options_.masked[at].first < newest;
  }
}

double predicted(const Row& row, const Eigen::VectorXd& power) {
  double sum = 0;
  for (const auto& [column, share] : row) sum += share * power[static_cast<Eigen::Index>(column)];
  return sum;
}

// Calls use(k, row, value, first) for every usable reading: shares, drift and, given the powers, derivatives
// of the predicted reading by what is fitted of the window. `first`: the reading before was not usable.
template <class Use>
void Chain::stream(const Eigen::VectorXd* power, Use&& use) const {
  Observations centre{segments_, series_, window_};
  const double h = std::max(2.0, 0.02 * window_.width_us);
  std::vector<std::pair<Observations, Observations>> around;
  std::vector<double> apart;
  const auto vary = [&](const Window& up, const Window& down, double distance) {
    around.emplace_back(Observations{segments_, series_, up}, Observations{segments_, series_, down});
    apart.push_back(distance);
  };
  if (power != nullptr) {
    Window up = window_, down = window_;
    up.lag_us += h;
    down.lag_us -= h;
    vary(up, down, 2 * h);
    if (moves_width(series_)) {
      up = down = window_;
      up.width_us += h;
      down.width_us -= h;
      vary(up, down, 2 * h);
    }
    if (window_.tail_us > smallest_tail_us) {
      up = down = window_;
      up.tail_us += h;
      down.tail_us = std::max(down.tail_us - h, 1.0);
      vary(up, down, up.tail_us - down.tail_us);
    }
  }
  Row row, beside;
  std::int64_t expected = 0;
  bool any = false;
  for (std::size_t k = 0; k < series_.size(); ++k) {
    if (masked_[k] || (!filters_.left_out.empty() && filters_.left_out[k])) continue;
    if (!centre.row(k, row)) continue;
    bool whole = true;
    std::vector<double> slopes;
    for (std::size_t i = 0; whole && i < around.size(); ++i) {
      whole = around[i].first.row(k, beside);
      const double high = whole ? predicted(beside, *power) : 0;
      whole = whole && around[i].second.row(k, beside);
      if (whole) slopes.push_back((high - predicted(beside, *power)) / apart[i]);
    }
    if (!whole) continue;
    drift_.append(series_.stamp_us[k], row);
    for (std::size_t i = 0; i < slopes.size(); ++i)
      row.emplace_back(static_cast<std::uint32_t>(columns(false) + i), slopes[i]);
    const bool first = !any || series_.index[k] != expected;
    any = true;
    expected = series_.index[k] + 1;
    use(k, row, series_.value[k], first);
  }
}

NormalEquations Chain::sum(const Eigen::VectorXd* power) const {
  const std::size_t n = columns(power != nullptr);
  Accumulator sums{options_.layers, n, series_.size(), block_count(options_.inferences, n)};
  RoundingFilter rounding{series_.rounding_variance, filters_.rest_variance, n};
  AutoregressiveFilter autoregression{filters_.autoregression, n};
  stream(power, [&](std::size_t k, Row& row, double value, bool first) {
    if (!series_.kept.empty()) {
      const double scale = 1 - series_.kept[k];
      for (auto& entry : row) entry.second *= scale;
      value *= scale;
      rounding.next(first, series_.kept[k], row, value);
    }
    if (autoregression.next(series_.index[k], row, value)) sums.add(row, value);
  });
  return sums.finish();
}

Eigen::VectorXd Chain::shares() const {
  Eigen::VectorXd sums = Eigen::VectorXd::Zero(segments_.columns);
  stream(nullptr, [&](std::size_t, const Row& row, double, bool) {
    for (const auto& [column, share] : row)
      if (column < segments_.columns) sums[static_cast<Eigen::Index>(column)] += share;
  });
  return sums;
}

// `all`: powers, drift and derivative coefficients of the fit whose residuals these are.
Residuals Chain::residuals(const Eigen::VectorXd& power, const Eigen::VectorXd& all) const {
  Residuals found;
  RoundingFilter rounding{series_.rounding_variance, filters_.rest_variance, 0};
  stream(&power, [&](std::size_t k, Row& row, double value, bool first) {
    double left = value - predicted(row, all);
    found.reading.push_back(k);
    found.index.push_back(series_.index[k]);
    if (!series_.kept.empty()) {
      left *= 1 - series_.kept[k];
      found.difference.push_back(left);
      found.kept.push_back(series_.kept[k]);
      found.first.push_back(first);
      Row none;
      rounding.next(first, series_.kept[k], none, left);
    }
    found.value.push_back(left);
  });
  return found;
}

// One Gauss-Newton step of the window; the derivative columns' coefficients are the step.
void Chain::update_window(const Fit& fit) {
  const auto at = static_cast<Eigen::Index>(columns(false));
  const double limit = 0.2 * window_.width_us;
  const auto step = [&](Eigen::Index i) { return std::clamp(fit.power[at + i], -limit, limit); };
  Eigen::Index i = 0;
  window_.lag_us += step(i++);
  if (moves_width(series_)) window_.width_us = std::max(window_.width_us + step(i++), 2.0);
  if (window_.tail_us > smallest_tail_us) window_.tail_us = std::max(window_.tail_us + step(i), 1.0);
}

void Chain::learn_filters(const Eigen::VectorXd& power, const Eigen::VectorXd& all) {
  Residuals left = residuals(power, all);
  if (!series_.kept.empty() && series_.rounding_variance > 0) {
    filters_.rest_variance =
        rest_variance_of(left.difference, left.kept, left.first, series_.rounding_variance);
    left = residuals(power, all);
  }
  const double centre = median(left.value), spread = robust_deviation(left.value);
  filters_.left_out.assign(series_.size(), 0);
  std::vector<double> kept;
  std::vector<std::int64_t> kept_index;
  double squares = 0, fourth = 0;
  for (std::size_t i = 0; i < left.value.size(); ++i) {
    const double away = left.value[i] - centre;
    squares += away * away;
    fourth += away * away * away * away;
    if (spread > 0 && std::abs(away) > outlier_at * spread) {
      filters_.left_out[left.reading[i]] = 1;
      ++outliers_;
      continue;
    }
    kept.push_back(left.value[i]);
    kept_index.push_back(left.index[i]);
  }
  const auto count = static_cast<double>(std::max<std::size_t>(left.value.size(), 1));
  noise_ = std::sqrt(squares / count);
  kurtosis_ = squares > 0 ? fourth * count / (squares * squares) - 3 : 0;
  const std::size_t n = columns(true);
  const std::size_t order = kept.size() >= 10 * n ? 3 : kept.size() >= 4 * n ? 1 : 0;
  // A counter's ticks share no noise worth modelling, and its windows already touch.
  if (series_.kind != WindowKind::interval)
    filters_.autoregression = autoregression_of(kept, kept_index, order);
  if (order == 0) filters_.autoregression.clear();
}

double condition_of(const NormalEquations& equations, std::size_t columns) {
  const auto n = static_cast<Eigen::Index>(columns);
  const Eigen::VectorXd scale =
      equations.gram_sum.diagonal().head(n).cwiseMax(1e-30).cwiseSqrt().cwiseInverse();
  const Eigen::MatrixXd scaled =
      scale.asDiagonal() * equations.gram_sum.topLeftCorner(n, n) * scale.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver{scaled, Eigen::EigenvaluesOnly};
  return solver.eigenvalues().maxCoeff() / std::max(solver.eigenvalues().minCoeff(), 1e-18);
}

std::optional<RailEstimate> Chain::run() {
  if (series_.size() < options_.layers / 2 + 10) return std::nullopt;
  if (!series_.kept.empty()) filters_.rest_variance = std::pow(0.05 * (1 - series_.decay), 2);
  const auto powers = static_cast<Eigen::Index>(segments_.columns);
  NormalEquations equations = sum(nullptr);
  if (equations.rows < options_.layers / 2 + 10) return std::nullopt;
  Eigen::VectorXd power = fit(equations, quick_scales).power.head(powers);
  Fit current;
  for (int round = 0; round < 2; ++round) {
    current = fit(sum(&power), quick_scales);
    const auto lag = static_cast<Eigen::Index>(columns(false));
    const double deviation = std::sqrt(std::max(current.covariance(lag, lag), 0.0));
    const bool far = std::abs(current.power[lag]) > 0.3 * deviation;
    if (!far || round == 1) break;
    update_window(current);
    power = current.power.head(powers);
  }
  power = current.power.head(powers);
  learn_filters(power, current.power);
  equations = sum(&power);
  if (equations.rows < options_.layers / 2) return std::nullopt;
  const Fit last = fit(equations, all_scales);

  RailEstimate result;
  const auto lag = static_cast<Eigen::Index>(columns(false));
  result.window = window_;
  result.lag_deviation_us = std::sqrt(std::max(last.covariance(lag, lag), 0.0));
  result.power = last.power.head(powers);
  result.covariance = last.covariance.topLeftCorner(powers, powers);
  result.readings = equations.rows;
  result.seen = shares();
  result.outliers = outliers_;
  result.order = filters_.autoregression.size();
  result.noise = noise_;
  result.clustering = last.clustering;
  result.prior_scale = last.prior_scale;
  result.reliability = last.reliability;
  result.condition = condition_of(equations, segments_.columns);
  result.kurtosis = kurtosis_;
  return result;
}

}  // namespace

std::optional<RailEstimate> estimate(const Segments& segments, const Series& series, const Window& start,
                                     const EstimateOptions& options) {
  if (series.size() < 2) return std::nullopt;
  return Chain{segments, series, start, options}.run();
}

}  // namespace layerwatt::forward
