// SPDX-License-Identifier: Apache-2.0
// Newton's steps of the activity, each of three whole fits; see concurrent_fit.h.
#include "attribution/concurrent_fit.h"

#include <algorithm>
#include <cmath>

namespace layerwatt {

namespace {

// Before any reading every activity from 0 to 1 is as likely as the next: mean and variance of that.
constexpr double prior_mean = 0.5, prior_variance = 1.0 / 12;
constexpr double lowest = -0.25, highest = 1.25;   // where a step may stand
constexpr double apart = 0.1, least_apart = 0.01;  // of the three fits of a step
constexpr double near = 0.05;                      // a step this short is followed by the last one
constexpr int most_steps = 4;

// From the power of a layer that runs alone to that of its share: while k run, a layer of power P acts with
// share s = 1/k + activity (1 - 1/k) and has 1/k of the time, so its energy there is s P + (1/k - s) idle.
void attribute_shares(const ForwardProblem& problem, std::span<const double> excess, double activity,
                      forward::RailEstimate& estimate) {
  Eigen::MatrixXd map = Eigen::MatrixXd::Identity(estimate.power.size(), estimate.power.size());
  for (std::size_t i = 0; i < excess.size(); ++i) {
    const auto c = static_cast<Eigen::Index>(i);
    map(c, c) += activity * excess[i];
    map(c, static_cast<Eigen::Index>(problem.idle_column)) -= activity * excess[i];
  }
  estimate.power = map * estimate.power;
  estimate.covariance = map * estimate.covariance * map.transpose();
}

class ActivityFit {
 public:
  ActivityFit(const ForwardProblem& problem, std::span<const double> excess, const forward::Series& series,
              const forward::Window& window, const forward::EstimateOptions& options)
      : problem_{problem}, excess_{excess}, series_{series}, window_{window}, options_{options} {}
  [[nodiscard]] std::optional<double> rough() const;
  [[nodiscard]] std::optional<ConcurrentFit> assumed() const;
  [[nodiscard]] std::optional<ConcurrentFit> fit(double start) const;

 private:
  [[nodiscard]] std::optional<forward::RailEstimate> at(double activity) const {
    const forward::Segments segments = with_activity(problem_, activity);
    auto estimate = forward::estimate(segments, series_, window_, options_);
    if (estimate) attribute_shares(problem_, excess_, activity, *estimate);
    return estimate;
  }
  struct Step {
    forward::RailEstimate below, middle, above;
    double from = 0, to = 0, variance = 0;  // where it stood, and where the posterior is highest
  };
  [[nodiscard]] std::optional<Step> step(double from, double size) const;

  const ForwardProblem& problem_;
  std::span<const double> excess_;
  const forward::Series& series_;
  const forward::Window& window_;
  const forward::EstimateOptions& options_;
};

// -log likelihood = n/2 log(residual variance), n the number of independent readings.
std::optional<ActivityFit::Step> ActivityFit::step(double from, double size) const {
  auto below = at(from - size), middle = at(from), above = at(from + size);
  if (!below || !middle || !above) return std::nullopt;
  const auto squared = [](double x) { return x * x; };
  const double low = squared(below->noise), mid = squared(middle->noise), high = squared(above->noise);
  if (!(mid > 0)) return std::nullopt;
  const double independent = static_cast<double>(middle->readings) / std::max(middle->clustering, 1.0);
  const double slope = independent / 2 * (high - low) / (2 * size) / mid;
  const double curvature = std::max(independent / 2 * (high - 2 * mid + low) / (size * size) / mid, 0.0);
  Step found{std::move(*below), std::move(*middle), std::move(*above), from};
  found.variance = 1 / (curvature + 1 / prior_variance);
  const double move = -(slope + (from - prior_mean) / prior_variance) * found.variance;
  found.to = std::clamp(from + move, lowest, highest);
  return found;
}

// The likeliest of a few, and one step from there: far from it the residuals' variance is no parabola.
std::optional<double> ActivityFit::rough() const {
  const auto turns = at(0);
  if (!turns || !(turns->seen[problem_.idle_column] > 0)) return std::nullopt;
  double best = 0, lowest_noise = turns->noise;
  for (const double activity : {0.25, 0.5, 0.75, 1.0}) {
    const auto tried = at(activity);
    if (!tried || tried->noise >= lowest_noise) continue;
    best = activity;
    lowest_noise = tried->noise;
  }
  const auto moved = step(best, apart);
  return moved ? moved->to : best;
}

std::optional<ConcurrentFit> ActivityFit::assumed() const {
  auto turns = at(0);
  return turns ? std::optional{ConcurrentFit{std::move(*turns), 0, std::nullopt}} : std::nullopt;
}

std::optional<ConcurrentFit> ActivityFit::fit(double start) const {
  double to = start, variance = 0;
  for (int i = 0; i < most_steps; ++i) {
    const auto moved = step(to, apart);
    if (!moved) return std::nullopt;
    to = moved->to;
    variance = moved->variance;
    if (std::abs(to - moved->from) <= near) break;
  }
  // Beyond a few standard deviations the likelihood is not the parabola that a step takes it for.
  const double size = std::clamp(3 * std::sqrt(variance), least_apart, apart);
  auto last = step(to, size);
  if (!last) return std::nullopt;
  ConcurrentFit found{std::move(last->middle), last->to, std::sqrt(last->variance)};
  const Eigen::VectorXd slope = (last->above.power - last->below.power) / (2 * size);
  found.estimate.power += slope * (last->to - last->from);
  found.estimate.covariance += last->variance * slope * slope.transpose();
  return found;
}

}  // namespace

std::optional<double> rough_activity(const ForwardProblem& problem, const forward::Series& series,
                                     const forward::Window& window, const forward::EstimateOptions& options) {
  return ActivityFit{problem, {}, series, window, options}.rough();
}

std::optional<ConcurrentFit> fit_concurrent(const ForwardProblem& problem, std::span<const double> excess,
                                            const forward::Series& series, const forward::Window& window,
                                            const forward::EstimateOptions& options,
                                            std::optional<double> rough) {
  const ActivityFit activity{problem, excess, series, window, options};
  return rough ? activity.fit(*rough) : activity.assumed();
}

}  // namespace layerwatt
