// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/estimate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "attribution/forward/mark_smoothing.h"
#include "attribution/forward/window_fit.h"

namespace layerwatt::forward {
namespace {

// A small simulation with a known answer: layers of constant power, white reading noise, one conversion a
// reading, stamps late by a constant lag and up to 200 us more. bench/accuracy has the full one.
struct Simulation {
  std::vector<double> power;
  Segments segments;
  Boundaries marks;
  RailRecord rail;
};

double integral(const Segments& segments, const std::vector<double>& power, const std::vector<double>& energy,
                double t) {
  const auto above = std::upper_bound(segments.knot_us.begin(), segments.knot_us.end(), t);
  const auto i = static_cast<std::size_t>(std::max<std::ptrdiff_t>(above - segments.knot_us.begin() - 1, 0));
  const std::size_t last = std::min(i, segments.column.size() - 1);
  return energy[last] + power[segments.column[last]] * (t - segments.knot_us[last]);
}

constexpr std::uint32_t planted_layers = 40;

Simulation simulate(int inferences, unsigned seed, double lag_us, int averaging, double quantum) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> unit{0, 1};
  Simulation run;
  std::vector<double> duration;
  for (std::uint32_t l = 0; l < planted_layers; ++l) {
    duration.push_back(std::clamp(std::exp(5.2 + 1.1 * normal(random)), 10.0, 1200.0));
    run.power.push_back(std::clamp(5 + 1.5 * normal(random), 2.0, 8.0));
  }
  run.power.push_back(1.8);  // idle
  run.segments.columns = planted_layers + 1;
  run.marks.layers = planted_layers;
  double t = 0;
  const auto segment = [&](std::uint32_t column, double length) {
    run.segments.knot_us.push_back(t);
    run.segments.column.push_back(column);
    t += length;
  };
  segment(planted_layers, 300'000);
  for (int r = 0; r < inferences; ++r) {
    for (std::uint32_t l = 0; l < planted_layers; ++l) {
      run.marks.moment_us.push_back(t);
      segment(l, duration[l] * (1 + 0.015 * normal(random)));
    }
    run.marks.moment_us.push_back(t);
    segment(planted_layers, 2000 + 300 * unit(random));
  }
  segment(planted_layers, 300'000);
  run.segments.knot_us.push_back(t);

  std::vector<double> energy{0};
  for (std::size_t i = 0; i < run.segments.column.size(); ++i)
    energy.push_back(energy.back() + run.power[run.segments.column[i]] *
                                         (run.segments.knot_us[i + 1] - run.segments.knot_us[i]));
  const double period = 1608 * 1.004, width = 332 * 1.004;
  double average = 0;
  run.rail.channel.rail = "TOTAL";
  run.rail.channel.aperture = std::chrono::microseconds{332};
  run.rail.channel.refresh = std::chrono::microseconds{1608};
  run.rail.channel.averaging = averaging;
  run.rail.channel.read_on_update = true;
  if (quantum > 0) run.rail.channel.quantum = Watts{quantum};
  for (double c = 5000; c < t; c += period) {
    const double fresh = (integral(run.segments, run.power, energy, c) -
                          integral(run.segments, run.power, energy, c - width)) /
                             width +
                         0.03 * normal(random);
    average = c < 6000 ? fresh : average + (fresh - average) / averaging;
    const double shown = quantum > 0 ? std::round(average / quantum) * quantum : average;
    const Instant stamp{
        Nanoseconds{static_cast<std::int64_t>((c + lag_us + 100 + 200 * unit(random)) * 1e3)}};
    run.rail.readings.push_back({stamp, stamp, Watts{shown}});
  }
  return run;
}

struct Score {
  double median_error, coverage, lag_error;
};

Score score(const Simulation& run, int inferences, double lag_us) {
  const Series series = make_series(run.rail, Instant{}, Instant{}, Instant::max());
  const Series* rails[]{&series};
  WindowSearch search;
  search.fit_tail = false;
  const FittedWindow fitted = fit_window(run.segments, rails, planted_layers, search);
  EstimateOptions options;
  options.layers = planted_layers;
  options.inferences = static_cast<std::size_t>(inferences);
  const auto result = estimate(run.segments, series, fitted.window, options);
  if (!result) return {1, 0, 1e9};
  std::vector<double> errors;
  double covered = 0;
  for (Eigen::Index l = 0; l < planted_layers; ++l) {
    const double error = std::abs(result->power[l] - run.power[static_cast<std::size_t>(l)]);
    errors.push_back(error / run.power[static_cast<std::size_t>(l)]);
    covered += error < 1.96 * std::sqrt(result->covariance(l, l));
  }
  std::nth_element(errors.begin(), errors.begin() + planted_layers / 2, errors.end());
  // The mean lateness of stamps is part of the lag that can be found.
  return {errors[planted_layers / 2], covered / planted_layers, result->window.lag_us - (lag_us + 200)};
}

// Planning rule of docs/attribution.md: sd(e) = 0.12 w s sqrt(T / N) uJ. With w = 332 us, s = 30 mW (white),
// T = 1.6 ms, N = 300: 2.8 uJ, against about 250 us x 5 W = 1.2 mJ for a middling layer: 0.23 %. Bound: 3 x.
TEST(Estimate, RecoversLayerPowersAndTheLag) {
  double coverage = 0;
  for (unsigned seed = 1; seed <= 5; ++seed) {
    const Score got = score(simulate(300, seed, 1234, 1, 0.007), 300, 1234);
    EXPECT_LT(got.median_error, 0.007) << seed;
    EXPECT_LT(std::abs(got.lag_error), 10) << seed;
    coverage += got.coverage / 5;
  }
  // 200 layers in all at a nominal 95 %: the binomial sd is 1.5 %.
  EXPECT_GT(coverage, 0.90);
}

// The same through the exponential average that boards ship with: little of a layer is left in a reading, so
// the error is that of 64 times the rounding; it must still fall well below chronological mapping's 20 %.
TEST(Estimate, TakesAnExponentialAverageApart) {
  double coverage = 0;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const Score got = score(simulate(1000, seed, 700, 64, 0.007), 1000, 700);
    EXPECT_LT(got.median_error, 0.02) << seed;
    EXPECT_LT(std::abs(got.lag_error), 30) << seed;
    coverage += got.coverage / 3;
  }
  EXPECT_GT(coverage, 0.88);
}

TEST(Estimate, FewerReadingsThanHalfTheLayersGiveNothing) {
  Simulation run = simulate(300, 1, 500, 1, 0);
  run.rail.readings.resize(15);
  const Series series = make_series(run.rail, Instant{}, Instant{}, Instant::max());
  EstimateOptions options;
  options.layers = planted_layers;
  options.inferences = 300;
  EXPECT_FALSE(estimate(run.segments, series, {0, 332, 0}, options));
}

TEST(Estimate, IsDeterministic) {
  const Simulation run = simulate(60, 9, 900, 1, 0.04);
  const Score a = score(run, 60, 900), b = score(run, 60, 900);
  EXPECT_EQ(a.median_error, b.median_error);
  EXPECT_EQ(a.lag_error, b.lag_error);
}

}  // namespace
}  // namespace layerwatt::forward
