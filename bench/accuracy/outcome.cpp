// SPDX-License-Identifier: Apache-2.0
// Simulates, attributes, compares; see outcome.h.
#include "outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <thread>

#include "attribution/forward/estimate.h"
#include "attribution/forward/window_fit.h"
#include "attribution/profile.h"
#include "direct.h"

namespace layerwatt::accuracy {

namespace {

using simulation::Scenario;
using simulation::ScenarioRun;

forward::EstimateOptions options_of(const Direct& direct) {
  forward::EstimateOptions options;
  options.layers = direct.problem.classes.size();
  options.inferences = direct.problem.inferences;
  options.masked = direct.problem.masked;
  return options;
}

// The run with true moments in place of stamps and marks.
Timeline with_true_times(const ScenarioRun& run) {
  Timeline known = run.timeline;
  RailRecord& rail = known.rails.front();
  for (std::size_t i = 0; i < rail.readings.size(); ++i)
    rail.readings[i].before = rail.readings[i].after = run.truth.newest[0][i];
  const std::size_t layers = known.layers.size();
  for (LayerSpan& span : known.spans) {
    const std::size_t at = span.inference * (layers + 1) + span.layer;
    span.begin = run.truth.boundaries[at];
    span.end = run.truth.boundaries[at + 1];
  }
  for (std::size_t r = 0; r < known.inferences.size(); ++r) {
    Inference& one = known.inferences[r];
    one.load_begin = one.compute_begin = run.truth.boundaries[r * (layers + 1)];
    one.compute_end = one.unload_end = run.truth.boundaries[r * (layers + 1) + layers];
  }
  return known;
}

// What the best unbiased estimate could do: least squares with everything known that the estimator must find
// (when the sensor saw what, and when layers ran), noise as it is. Relative standard deviations.
std::vector<double> bound_of(const ScenarioRun& run) {
  const Timeline known = with_true_times(run);
  const Direct direct{known};
  forward::EstimateOptions options = options_of(direct);
  options.window_known = true;
  const auto best =
      forward::estimate(direct.problem.segments, direct.series, {0, direct.series.width_us, 0}, options);
  std::vector<double> deviation;
  if (!best) return deviation;
  for (std::size_t l = 0; l < known.layers.size(); ++l)
    deviation.push_back(best->lowest[static_cast<Eigen::Index>(l)] * run.truth.layers[0][l].duration.count() *
                        1e-9 / run.truth.layers[0][l].energy.value());
  return deviation;
}

// The tests of the window when no tail was fitted: do they find the one that is there?
void test_plain_window(const ScenarioRun& run, Outcome& outcome) {
  const Direct direct{run.timeline};
  const forward::EstimateOptions options = options_of(direct);
  const forward::Series* rails[]{&direct.series};
  forward::WindowSearch search;
  search.fit_tail = false;
  const auto window = forward::fit_window(direct.problem.segments, rails, options.layers, search);
  const auto plain = forward::estimate(direct.problem.segments, direct.series, window.window, options);
  if (!plain) return;
  for (const forward::WindowTest& test : plain->tests)
    (test.of == "tail" ? outcome.plain_tail_test : outcome.plain_width_test) = test.deviations;
}

AttributionOptions by_method(const char* name) {
  AttributionOptions options;
  options.method = name;
  return options;
}

std::vector<double> chronological_errors(const ScenarioRun& run) {
  Timeline shifted = run.timeline;
  const simulation::Moment middle =
      0.5 * (run.truth.lag_before + run.truth.lag_after) + 0.5 * run.truth.window;
  const Nanoseconds lag{std::llround(middle.count())};
  for (Reading& reading : shifted.rails.front().readings) {
    reading.before = reading.before - lag;
    reading.after = reading.after - lag;
  }
  std::vector<double> errors;
  const auto profile = attribute(shifted, by_method("chronological"));
  if (!profile || profile->rails.empty()) return errors;
  const RailProfile& rail = profile->rails.front();
  for (std::size_t l = 0; l < rail.layers.size(); ++l) {
    const Joules duration_at_mean = rail.mean_power * profile->layers[l].duration;
    const Joules found = rail.layers[l].energy ? rail.layers[l].energy->value : duration_at_mean;
    errors.push_back(std::abs(found / run.truth.layers[0][l].energy - 1));
  }
  return errors;
}

}  // namespace

Outcome judge(const Scenario& scenario) {
  Outcome outcome;
  const auto run = simulation::simulate(scenario);
  if (!run) {
    fmt::print(stderr, "accuracy: {}: {}\n", run.error().where, run.error().detail);
    outcome.failed = true;
    return outcome;
  }
  const auto begin = std::chrono::steady_clock::now();
  AttributionOptions options = by_method("forward");
  options.mark_bias = Nanoseconds{std::llround(scenario.run.mark_bias.count())};  // the true budget
  const auto profile = attribute(run->timeline, options);
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!profile || profile->rails.empty() || !profile->rails.front().fit) {
    outcome.failed = true;
    return outcome;
  }
  const RailProfile& rail = profile->rails.front();
  const std::vector<double> chronological = chronological_errors(*run), bound = bound_of(*run);
  std::mt19937_64 random{scenario.seed};
  std::normal_distribution<double> normal;
  std::vector<bool> in_group(rail.layers.size(), false);
  for (std::size_t l = 0; l < rail.layers.size(); ++l) {
    const Joules truth = run->truth.layers[0][l].energy;
    LayerOutcome layer;
    if (!rail.layers[l].energy) continue;  // known only together with the others
    const auto& estimate = *rail.layers[l].energy;
    layer.error = std::abs(estimate.value / truth - 1);
    if (estimate.interval) {
      layer.covered = estimate.interval->low <= truth && truth <= estimate.interval->high;
      layer.half_width = (estimate.interval->high - estimate.interval->low) / truth / 2;
    }
    if (!chronological.empty()) layer.chronological = chronological[l];
    if (!bound.empty()) layer.bound = std::abs(normal(random)) * bound[l];
    layer.length_us = run->truth.layers[0][l].duration.count() * 1e-3;
    outcome.layers.push_back(layer);
  }
  outcome.units = outcome.layers.empty() ? 1 : rail.layers.size();
  for (const JoinedLayers& joined : rail.joined) {
    Joules truth{};
    for (const std::size_t l : joined.layers) {
      truth += run->truth.layers[0][l].energy;
      in_group[l] = true;
    }
    outcome.units -= joined.layers.size() - 1;
    outcome.joined_errors.push_back(std::abs(joined.energy / truth - 1));
    outcome.joined_covered.push_back(std::abs((joined.energy - truth).value()) <= joined.half_width.value());
  }
  for (std::size_t l = 0; l < in_group.size(); ++l) {
    if (in_group[l] || l >= outcome.layers.size()) continue;
    outcome.joined_errors.push_back(outcome.layers[l].error);
    if (outcome.layers[l].covered) outcome.joined_covered.push_back(*outcome.layers[l].covered);
  }
  const SensorFit& fit = *rail.fit;
  // A triggered read starts its conversion, so the estimator counts from its beginning.
  const simulation::Moment middle = 0.5 * (run->truth.lag_before + run->truth.lag_after);
  const bool triggered = scenario.sensor.kind == simulation::SensorKind::triggered;
  const double lag = (triggered ? run->truth.lag_before : middle).count() * 1e-3;
  outcome.lag_error_us = static_cast<double>(fit.lag.count()) * 1e-3 - lag;
  outcome.balance = fit.balance;
  outcome.tail_test = fit.tail_test;
  outcome.width_test = fit.width_test;
  if (scenario.run.supply_tail > simulation::Moment{}) test_plain_window(*run, outcome);
  outcome.withheld = !fit.withheld.empty();
  return outcome;
}

std::vector<Outcome> judge(Scenario scenario, unsigned seeds) {
  std::vector<Outcome> outcomes(seeds);
  std::atomic<unsigned> next{0};
  const auto work = [&] {
    for (unsigned seed = next++; seed < seeds; seed = next++) {
      Scenario one = scenario;
      one.seed = 1000 + seed;
      outcomes[seed] = judge(one);
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) threads.emplace_back(work);
  work();
  threads.clear();
  return outcomes;
}

}  // namespace layerwatt::accuracy
