// SPDX-License-Identifier: Apache-2.0
// The chain of docs/forward.md for one rail; see estimate.h.
#include "attribution/forward/estimate.h"

#include <algorithm>
#include <cmath>

#include "attribution/forward/decoupling.h"
#include "attribution/forward/drift.h"
#include "attribution/forward/normal_equations.h"
#include "attribution/forward/robust.h"
#include "attribution/forward/shrinkage.h"
#include "attribution/forward/whitening.h"

namespace layerwatt::forward {

namespace {

constexpr double outlier_at = 5;  // standard deviations
constexpr int quick_scales = 6, all_scales = 20;
constexpr int rough_rounds = 2, fine_rounds = 3;  // of Gauss and Newton
constexpr std::size_t many_readings = 60;         // a column, before second-order effects are worth one
constexpr double tried_tail_us = 20;              // of the test for a tail where none was fitted

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
        drift_{0, series.size() - 1, drift_degree(series.stamp_us), segments.columns} {
    mask();
  }
  std::optional<RailEstimate> run();

 private:
  void mask();
  // Two versions of the window around the fitted one; what is between them is one column. Except "sag": power
  // is the current of one window times the voltage of the next, which sags under load. With the power P of
  // the first and Q of the second, what is read is P (1 + c (P - Q)); the column is P (P - Q), `up` sees Q.
  struct Variation {
    std::string of;
    Window up, down;
    double apart;  // us
  };
  [[nodiscard]] std::vector<Variation> fitted_variations() const;
  [[nodiscard]] std::vector<Variation> tested_variations() const;
  [[nodiscard]] std::size_t columns(std::size_t variations) const {
    return segments_.columns + drift_.degree() + variations;
  }
  template <class Use>
  void stream(const std::vector<Variation>& variations, const Eigen::VectorXd& power, Use&& use) const;
  [[nodiscard]] NormalEquations sum(const std::vector<Variation>& variations,
                                    const Eigen::VectorXd& power) const;
  [[nodiscard]] Eigen::VectorXd shares() const;
  [[nodiscard]] double balance_of(const Eigen::VectorXd& power, const Eigen::VectorXd& all) const;
  [[nodiscard]] Residuals residuals(const Eigen::VectorXd& power, const Eigen::VectorXd& all) const;
  void settle(int rounds, Fit& fit, Eigen::VectorXd& power);
  [[nodiscard]] bool is_far(const Fit& fit) const;
  void update_window(const Fit& fit);
  void learn_filters(const Eigen::VectorXd& power, const Eigen::VectorXd& all);
  // Where stamps are blurred, powers can imitate nearly any window: there, shrinkage is what holds it.
  [[nodiscard]] Decoupling decoupling_of(const NormalEquations& equations) const {
    return {equations, is_blurred(series_) ? static_cast<std::size_t>(equations.size()) : columns(0)};
  }
  [[nodiscard]] Fit quick_fit(NormalEquations equations) const {
    const Decoupling decoupling = decoupling_of(equations);
    return decoupling.undone(
        shrink(decoupling.applied(std::move(equations)), {4, quick_scales, options_.classes, true}));
  }
  [[nodiscard]] std::vector<WindowTest> test_window(const NormalEquations& equations, const Fit& fit,
                                                    std::size_t fitted) const;

  const Segments& segments_;
  const Series& series_;
  const EstimateOptions& options_;
  Window window_;
  DriftBasis drift_;
  Filters filters_;
  std::vector<char> masked_;  // by reading
  double noise_ = 0;
  std::size_t outliers_ = 0;
};

bool has_shape(const Series& series) {
  return series.kind == WindowKind::conversion || series.kind == WindowKind::average;
}

bool moves_width(const Series& series) { return !series.width_known && has_shape(series); }

std::vector<Chain::Variation> Chain::fitted_variations() const {
  if (options_.window_known) return {};
  const double h = std::max(2.0, 0.02 * window_.width_us);
  std::vector<Variation> all{{"lag", window_, window_, 2 * h}};
  all.back().up.lag_us += h;
  all.back().down.lag_us -= h;
  if (moves_width(series_)) {
    all.push_back({"width", window_, window_, 2 * h});
    all.back().up.width_us += h;
    all.back().down.width_us -= h;
  }
  if (window_.tail_us > smallest_tail_us) {
    all.push_back({"tail", window_, window_, 0});
    all.back().up.tail_us += h;
    all.back().down.tail_us = std::max(window_.tail_us - h, 1.0);
    all.back().apart = all.back().up.tail_us - all.back().down.tail_us;
  }
  if (has_shape(series_) && series_.voltage_us > 0 && series_.size() > many_readings * segments_.columns)
    all.push_back(
        {"sag", {window_.lag_us - series_.voltage_us, series_.voltage_us, window_.tail_us}, window_, 1});
  return all;
}

std::vector<Chain::Variation> Chain::tested_variations() const {
  if (!has_shape(series_) || options_.window_known) return {};
  std::vector<Variation> all;
  if (window_.tail_us <= smallest_tail_us) {
    all.push_back({"tail", window_, window_, tried_tail_us});
    all.back().up.tail_us += tried_tail_us;
  }
  if (!moves_width(series_)) {
    const double h = 0.05 * window_.width_us;
    all.push_back({"width", window_, window_, 2 * h});
    all.back().up.width_us += h;
    all.back().up.lag_us -= h / 2;  // both edges move, so that this is not a lag
    all.back().down.width_us -= h;
    all.back().down.lag_us += h / 2;
  }
  return all;
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

// Calls use(k, row, value, first) for every usable reading: shares, drift and, for each variation of the
// window, the derivative of the reading that `power` predicts. `first`: the reading before was not usable.
template <class Use>
void Chain::stream(const std::vector<Variation>& variations, const Eigen::VectorXd& power, Use&& use) const {
  Observations centre{segments_, series_, window_};
  std::vector<std::pair<Observations, Observations>> around;
  for (const Variation& one : variations)
    around.emplace_back(Observations{segments_, series_, one.up}, Observations{segments_, series_, one.down});
  Row row, beside;
  std::vector<double> slopes;
  std::int64_t expected = 0;
  bool any = false;
  for (std::size_t k = 0; k < series_.size(); ++k) {
    if (masked_[k] || (!filters_.left_out.empty() && filters_.left_out[k])) continue;
    if (!centre.row(k, row)) continue;
    bool whole = true;
    slopes.clear();
    for (std::size_t i = 0; whole && i < around.size(); ++i) {
      whole = around[i].first.row(k, beside);
      const double up = whole ? predicted(beside, power) : 0;
      whole = whole && around[i].second.row(k, beside);
      const double down = whole ? predicted(beside, power) : 0;
      slopes.push_back(variations[i].of == "sag" ? down * (down - up) : (up - down) / variations[i].apart);
    }
    if (!whole) continue;
    drift_.append(k, row);
    for (std::size_t i = 0; i < slopes.size(); ++i)
      row.emplace_back(static_cast<std::uint32_t>(columns(i)), slopes[i]);
    const bool first = !any || series_.index[k] != expected;
    any = true;
    expected = series_.index[k] + 1;
    use(k, row, series_.value[k], first);
  }
}

NormalEquations Chain::sum(const std::vector<Variation>& variations, const Eigen::VectorXd& power) const {
  const std::size_t n = columns(variations.size());
  Accumulator sums{options_.layers, n, series_.size(), block_count(options_.inferences, n)};
  RoundingFilter rounding{series_.rounding_variance, filters_.rest_variance, n};
  AutoregressiveFilter autoregression{filters_.autoregression, n};
  stream(variations, power, [&](std::size_t k, Row& row, double value, bool first) {
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
  stream({}, {}, [&](std::size_t, const Row& row, double, bool) {
    for (const auto& [column, share] : row)
      if (column < segments_.columns) sums[static_cast<Eigen::Index>(column)] += share;
  });
  return sums;
}

// What the fit says all readings add up to, over what they do. `all`: coefficients of every fitted column.
double Chain::balance_of(const Eigen::VectorXd& power, const Eigen::VectorXd& all) const {
  double fitted = 0, read = 0;
  stream(fitted_variations(), power, [&](std::size_t, const Row& row, double value, bool) {
    fitted += predicted(row, all);
    read += value;
  });
  return read != 0 ? fitted / read - 1 : 0;
}

// `all`: powers, drift and derivative coefficients of the fit whose residuals these are.
Residuals Chain::residuals(const Eigen::VectorXd& power, const Eigen::VectorXd& all) const {
  Residuals found;
  RoundingFilter rounding{series_.rounding_variance, filters_.rest_variance, 0};
  stream(fitted_variations(), power, [&](std::size_t k, Row& row, double value, bool first) {
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
  const double limit = 0.2 * window_.width_us;
  auto at = static_cast<Eigen::Index>(columns(0));
  for (const Variation& one : fitted_variations()) {
    const double step = std::clamp(fit.power[at++], -limit, limit);
    if (one.of == "lag") window_.lag_us += step;
    if (one.of == "width") window_.width_us = std::max(window_.width_us + step, 2.0);
    if (one.of == "tail") window_.tail_us = std::max(window_.tail_us + step, 1.0);
  }
}

// A step of the window that is worth another look from where it leads.
bool Chain::is_far(const Fit& fit) const {
  constexpr double near = 0.3;  // standard deviations
  for (auto at = static_cast<Eigen::Index>(columns(0)); at < fit.power.size(); ++at)
    if (std::abs(fit.power[at]) > near * std::sqrt(std::max(fit.covariance(at, at), 0.0))) return true;
  return false;
}

// Fits powers and window in turn until the window stays.
void Chain::settle(int rounds, Fit& fit, Eigen::VectorXd& power) {
  if (options_.window_known) return;
  for (int round = 0; round < rounds; ++round) {
    fit = quick_fit(sum(fitted_variations(), power));
    power = fit.power.head(power.size());
    if (!is_far(fit) || round + 1 == rounds) return;
    update_window(fit);
  }
}

void Chain::learn_filters(const Eigen::VectorXd& power, const Eigen::VectorXd& all) {
  Residuals left = residuals(power, all);
  if (!series_.kept.empty() && series_.rounding_variance > 0) {
    filters_.rest_variance =
        rest_variance_of(left.difference, left.kept, left.first, series_.rounding_variance);
    left = residuals(power, all);
  }
  const double centre = median(left.value);
  double squares = 0;
  for (const double value : left.value) squares += (value - centre) * (value - centre);
  noise_ = std::sqrt(squares / static_cast<double>(std::max<std::size_t>(left.value.size(), 1)));
  // Where the age of a value is unknown, far is not wild: the reading saw a layer that its row only may have.
  const double spread = is_blurred(series_) ? noise_ : robust_deviation(left.value);
  filters_.left_out.assign(series_.size(), 0);
  std::vector<double> kept;
  std::vector<std::int64_t> kept_index;
  for (std::size_t i = 0; i < left.value.size(); ++i) {
    const double away = left.value[i] - centre;
    if (spread > 0 && std::abs(away) > outlier_at * spread) {
      filters_.left_out[left.reading[i]] = 1;
      ++outliers_;
      continue;
    }
    kept.push_back(left.value[i]);
    kept_index.push_back(left.index[i]);
  }
  const std::size_t n = columns(fitted_variations().size());
  const std::size_t order = kept.size() >= 10 * n ? 3 : kept.size() >= 4 * n ? 1 : 0;
  // A counter's ticks share no noise worth modelling, and its windows already touch.
  if (series_.kind != WindowKind::interval)
    filters_.autoregression = autoregression_of(kept, kept_index, order);
  if (order == 0) filters_.autoregression.clear();
}

// Standard deviation of each column's coefficient by least squares without a prior: the Cramer-Rao bound.
Eigen::VectorXd lowest_deviation(const NormalEquations& equations, double noise_variance) {
  Eigen::MatrixXd gram = equations.gram_sum;
  gram.diagonal() += 1e-10 * equations.gram_sum.diagonal().cwiseMax(1e-20);
  const Eigen::MatrixXd inverse = gram.llt().solve(Eigen::MatrixXd::Identity(gram.rows(), gram.cols()));
  return (noise_variance * inverse.diagonal()).cwiseMax(0.0).cwiseSqrt();
}

// Of the columns that any reading saw.
double condition_of(const NormalEquations& equations, std::size_t columns) {
  const Eigen::VectorXd seen = equations.gram_sum.diagonal().head(static_cast<Eigen::Index>(columns));
  std::vector<Eigen::Index> used;
  for (Eigen::Index c = 0; c < seen.size(); ++c)
    if (seen[c] > 1e-9 * seen.maxCoeff()) used.push_back(c);
  if (used.empty()) return 1;
  const auto n = static_cast<Eigen::Index>(used.size());
  Eigen::MatrixXd scaled(n, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < n; ++j) {
      const Eigen::Index a = used[static_cast<std::size_t>(i)], b = used[static_cast<std::size_t>(j)];
      scaled(i, j) = equations.gram_sum(a, b) / std::sqrt(seen[a] * seen[b]);
    }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver{scaled, Eigen::EigenvaluesOnly};
  return solver.eigenvalues().maxCoeff() / std::max(solver.eigenvalues().minCoeff(), 1e-18);
}

// The first `n` columns of the sums.
NormalEquations first_columns(const NormalEquations& all, Eigen::Index n) {
  NormalEquations part;
  for (std::size_t b = 0; b < all.gram.size(); ++b) {
    part.gram.emplace_back(all.gram[b].topLeftCorner(n, n));
    part.moment.emplace_back(all.moment[b].head(n));
  }
  part.gram_sum = all.gram_sum.topLeftCorner(n, n);
  part.moment_sum = all.moment_sum.head(n);
  part.squares = all.squares;
  part.rows = all.rows;
  part.layers = all.layers;
  return part;
}

// Score tests: the part of each tested column that the fitted ones cannot imitate, times the residuals, block
// by block.
std::vector<WindowTest> Chain::test_window(const NormalEquations& equations, const Fit& fit,
                                           std::size_t fitted) const {
  std::vector<WindowTest> tests;
  const auto n = static_cast<Eigen::Index>(columns(fitted));
  auto at = n;
  for (const Variation& one : tested_variations()) {
    const Eigen::VectorXd imitated = fit.hat * equations.gram_sum.col(at).head(n);
    double sum = 0, squares = 0;
    for (std::size_t b = 0; b < equations.gram.size(); ++b) {
      const Eigen::MatrixXd& gram = equations.gram[b];
      const Eigen::VectorXd score = equations.moment[b].head(n) - gram.topLeftCorner(n, n) * fit.power;
      const double own = equations.moment[b][at] - gram.col(at).head(n).dot(fit.power) - imitated.dot(score);
      sum += own;
      squares += own * own;
    }
    tests.push_back({one.of, squares > 0 ? sum / std::sqrt(squares) : 0});
    ++at;
  }
  return tests;
}

std::optional<RailEstimate> Chain::run() {
  if (series_.size() < options_.layers / 2 + 10) return std::nullopt;
  if (!series_.kept.empty()) filters_.rest_variance = std::pow(0.05 * (1 - series_.decay), 2);
  const auto powers = static_cast<Eigen::Index>(segments_.columns);
  NormalEquations equations = sum({}, {});
  if (equations.rows < options_.layers / 2 + 10) return std::nullopt;
  Fit current = quick_fit(std::move(equations));
  Eigen::VectorXd power = current.power.head(powers);
  // Noise that is not white leans on the columns of the window, which are made of powers that it has moved:
  // what is settled before it is known is settled again.
  settle(rough_rounds, current, power);
  learn_filters(power, current.power);
  if (!is_blurred(series_)) settle(fine_rounds, current, power);
  const std::vector<Variation> fitted = fitted_variations();
  std::vector<Variation> all = fitted;
  for (Variation& one : tested_variations()) all.push_back(std::move(one));
  equations = sum(all, power);
  if (equations.rows < options_.layers / 2) return std::nullopt;
  const NormalEquations used = first_columns(equations, static_cast<Eigen::Index>(columns(fitted.size())));
  const Decoupling decoupling = decoupling_of(used);
  const Fit last = decoupling.undone(shrink(decoupling.applied(used), {4, all_scales, options_.classes}));

  RailEstimate result;
  const auto lag = static_cast<Eigen::Index>(columns(0));
  result.window = window_;
  if (!options_.window_known) result.lag_deviation_us = std::sqrt(std::max(last.covariance(lag, lag), 0.0));
  for (std::size_t i = 0; i < fitted.size(); ++i)
    if (fitted[i].of == "tail") {
      const auto at = lag + static_cast<Eigen::Index>(i);
      result.tail_deviation_us = std::sqrt(std::max(last.covariance(at, at), 0.0));
    }
  result.power = last.power.head(powers);
  result.covariance = last.covariance.topLeftCorner(powers, powers);
  result.readings = equations.rows;
  result.seen = shares();
  result.outliers = outliers_;
  result.noise = noise_;
  result.clustering = last.clustering;
  result.reliability = last.reliability;
  result.condition = condition_of(used, segments_.columns);
  result.tests = test_window(equations, last, fitted.size());
  result.balance = balance_of(power, last.power);
  result.lowest = lowest_deviation(used, last.noise_variance).head(powers);
  return result;
}

}  // namespace

std::optional<RailEstimate> estimate(const Segments& segments, const Series& series, const Window& start,
                                     const EstimateOptions& options) {
  if (series.size() < 2) return std::nullopt;
  return Chain{segments, series, start, options}.run();
}

}  // namespace layerwatt::forward
