// SPDX-License-Identifier: Apache-2.0
// How right the energies of layers are, and how well their intervals know it, where the truth is known: the
// table of docs/attribution.md, judged against its bars. Everything here is SIMULATED. Exit code 1: a bar was
// missed by more than two standard errors (bootstrapped over networks).
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "attribution/execution.h"
#include "attribution/forward/estimate.h"
#include "attribution/forward_problem.h"
#include "attribution/inference_times.h"
#include "attribution/profile.h"
#include "simulation/scenario.h"
#include "simulation/scenario_format.h"
#include "simulation/score.h"

namespace layerwatt {
namespace {

using simulation::Scenario;
using simulation::ScenarioRun;

struct Bars {
  std::optional<double> median, p95;  // of errors, %
  std::optional<double> least_coverage = 0.93, most_coverage = 0.99;
  std::optional<double> class_coverage = 0.90;  // in each class of length
  std::optional<double> of_bound;               // median error over the bound's
  std::optional<double> lag_us;                 // every seed
  std::optional<double> times_chronological_median, times_chronological_p95;
  bool never_worse_than_chronological = false;
  bool must_be_locked = false;
};

struct Case {
  std::string name;
  Scenario scenario;
  Bars bars;
  unsigned seeds = 30, quick_seeds = 0;  // 0: not in --quick
};

struct LayerOutcome {
  double error = 0, chronological = 0, bound = 0;  // relative
  std::optional<bool> covered;
  double half_width = 0;
  double length_us = 0;
};

struct Outcome {
  std::vector<LayerOutcome> layers;
  std::vector<double> joined_errors;  // of units as reported, joined ones together
  std::vector<bool> joined_covered;
  double lag_error_us = 0, balance = 0, seconds = 0;
  double tail_test = 0, width_test = 0, margin = 0, phase_lock = 0;
  std::size_t readings = 0, units = 0;
  bool withheld = false, failed = false;
};

// What the best unbiased estimate could do: least squares with everything known that the estimator must find
// (when the sensor saw what, and when layers ran), noise as it is.
std::vector<double> bound_of(const ScenarioRun& run) {
  Timeline known = run.timeline;
  RailRecord& rail = known.rails.front();
  for (std::size_t i = 0; i < rail.readings.size(); ++i)
    rail.readings[i].before = rail.readings[i].after = run.truth.newest[0][i];
  const std::size_t layers = known.layers.size();
  for (std::size_t i = 0; i < known.spans.size(); ++i) {
    const std::size_t at = known.spans[i].inference * (layers + 1) + known.spans[i].layer;
    known.spans[i].begin = run.truth.boundaries[at];
    known.spans[i].end = run.truth.boundaries[at + 1];
  }
  for (std::size_t r = 0; r < known.inferences.size(); ++r) {
    Inference& one = known.inferences[r];
    one.load_begin = one.compute_begin = run.truth.boundaries[r * (layers + 1)];
    one.compute_end = one.unload_end = run.truth.boundaries[r * (layers + 1) + layers];
  }
  const Execution execution = execution_of(known);
  const InferenceTimes times = marked_times(execution, layers);
  const RunView view{known, execution, times, times};
  const ForwardProblem problem = make_problem(view);
  const auto series = forward::make_series(rail, problem.origin, execution.energy.front().load_begin,
                                           execution.energy.back().unload_end);
  forward::EstimateOptions options;
  options.layers = layers;
  options.inferences = problem.inferences;
  options.masked = problem.masked;
  options.window_known = true;
  const auto best = forward::estimate(problem.segments, series, {0, series.width_us, 0}, options);
  std::vector<double> sd;
  if (!best) return sd;
  for (std::size_t l = 0; l < layers; ++l)
    sd.push_back(best->lowest[static_cast<Eigen::Index>(l)] * run.truth.layers[0][l].duration.count() * 1e-9 /
                 run.truth.layers[0][l].energy.value());
  return sd;
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
  outcome.margin = fit.lag_margin;
  outcome.phase_lock = fit.phase_lock.value_or(0);
  outcome.readings = fit.readings;
  outcome.withheld = !fit.withheld.empty();
  return outcome;
}

// Statistic of the outcomes of all seeds, and its standard error by drawing seeds with replacement.
struct Figure {
  double value = 0, error = 0;
};
using Statistic = std::function<double(const std::vector<const Outcome*>&)>;

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

template <class Get>
Statistic quantile_of(double q, Get get) {
  return [=](const std::vector<const Outcome*>& outcomes) {
    std::vector<double> values;
    for (const Outcome* one : outcomes)
      for (const LayerOutcome& layer : one->layers) values.push_back(get(layer));
    return simulation::quantile(std::move(values), q).value_or(0);
  };
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

class Judge {
 public:
  void at_most(const std::string& what, const Figure& figure, double bar) {
    const bool missed = figure.value > bar + 2 * figure.error;
    if (missed)
      missed_.push_back(
          fmt::format("{} {:.3g} +- {:.2g}, bar <= {:.3g}", what, figure.value, figure.error, bar));
  }
  void at_least(const std::string& what, const Figure& figure, double bar) {
    const bool missed = figure.value < bar - 2 * figure.error;
    if (missed)
      missed_.push_back(
          fmt::format("{} {:.3g} +- {:.2g}, bar >= {:.3g}", what, figure.value, figure.error, bar));
  }
  [[nodiscard]] const std::vector<std::string>& missed() const { return missed_; }

 private:
  std::vector<std::string> missed_;
};

std::vector<Outcome> run_seeds(const Case& one, unsigned seeds) {
  std::vector<Outcome> outcomes(seeds);
  std::atomic<unsigned> next{0};
  const auto work = [&] {
    for (unsigned seed = next++; seed < seeds; seed = next++) {
      Scenario scenario = one.scenario;
      scenario.seed = 1000 + seed;
      outcomes[seed] = judge(scenario);
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < std::max(1U, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  work();
  threads.clear();
  return outcomes;
}

constexpr double lengths_us[] = {0, 50, 300, 1e9};

std::vector<std::string> report(const Case& one, const std::vector<Outcome>& outcomes) {
  const Bars& bars = one.bars;
  const auto error = [](const LayerOutcome& l) { return 100 * l.error; };
  const auto chronological = [](const LayerOutcome& l) { return 100 * l.chronological; };
  const auto bound = [](const LayerOutcome& l) { return 100 * l.bound; };
  const auto half_width = [](const LayerOutcome& l) { return 100 * l.half_width; };
  const Figure median = figure(outcomes, quantile_of(0.5, error)),
               p95 = figure(outcomes, quantile_of(0.95, error));
  const Figure chrono = figure(outcomes, quantile_of(0.5, chronological)),
               chrono95 = figure(outcomes, quantile_of(0.95, chronological));
  const Figure best = figure(outcomes, quantile_of(0.5, bound));
  const Figure width = figure(outcomes, quantile_of(0.5, half_width));
  const Figure coverage = figure(outcomes, coverage_between(0, 1e9));
  double lag = 0, seconds = 0, units = 0, balance = 0, margin = 1e9, tail = 0;
  std::size_t failed = 0, locked = 0, with = 0;
  std::vector<double> joined;
  double joined_covered = 0;
  std::size_t joined_count = 0;
  for (const Outcome& o : outcomes) {
    failed += o.failed;
    if (o.failed) continue;
    ++with;
    lag = std::max(lag, std::abs(o.lag_error_us));
    seconds += o.seconds;
    units += static_cast<double>(o.units);
    balance = std::max(balance, std::abs(o.balance));
    margin = std::min(margin, o.margin);
    tail += std::abs(o.tail_test) > 3 || std::abs(o.width_test) > 3;
    locked += o.withheld;
    joined.insert(joined.end(), o.joined_errors.begin(), o.joined_errors.end());
    for (const bool c : o.joined_covered) joined_covered += c;
    joined_count += o.joined_covered.size();
  }
  const double n = static_cast<double>(std::max<std::size_t>(with, 1));
  fmt::print(
      "{:<34} {:>3} {:>6.2f} /{:>6.1f} | {:>5.2f} | {:>5.1f} /{:>4.0f} | {:.3f} ({:.2f} {:.2f} {:.2f}) "
      "{:>5.1f} | {:>4.1f} {:>5.1f} {:.3f} | {:>6.1f} {:>5.0f} {:.3f} {:.0f}% {:.2f}s{}\n",
      one.name, with, median.value, p95.value, best.value, chrono.value, chrono95.value, coverage.value,
      figure(outcomes, coverage_between(lengths_us[0], lengths_us[1])).value,
      figure(outcomes, coverage_between(lengths_us[1], lengths_us[2])).value,
      figure(outcomes, coverage_between(lengths_us[2], lengths_us[3])).value, width.value, units / n,
      100 * simulation::quantile(joined, 0.95).value_or(0),
      joined_count == 0 ? 0 : joined_covered / static_cast<double>(joined_count), lag, margin, 100 * balance,
      100 * tail / n, seconds / n, failed ? fmt::format(" {} FAILED", failed) : "");
  std::fflush(stdout);
  Judge judge;
  if (failed > 0) judge.at_most("runs without a result", {static_cast<double>(failed), 0}, 0);
  if (bars.median) judge.at_most("median error", median, *bars.median);
  if (bars.p95) judge.at_most("95th percentile of errors", p95, *bars.p95);
  if (bars.least_coverage && locked < with) judge.at_least("coverage", coverage, *bars.least_coverage);
  if (bars.most_coverage && locked < with) judge.at_most("coverage", coverage, *bars.most_coverage);
  if (bars.class_coverage && locked < with)
    for (int c = 0; c < 3; ++c)
      judge.at_least(fmt::format("coverage of layers from {:.0f} us", lengths_us[c]),
                     figure(outcomes, coverage_between(lengths_us[c], lengths_us[c + 1])),
                     *bars.class_coverage);
  if (bars.of_bound)
    judge.at_most("median error / bound",
                  figure(outcomes, ratio_of(quantile_of(0.5, error), quantile_of(0.5, bound))),
                  *bars.of_bound);
  if (bars.lag_us) judge.at_most("worst lag error, us", {lag, 0}, *bars.lag_us);
  if (bars.times_chronological_median)
    judge.at_least("chronological / forward, median",
                   figure(outcomes, ratio_of(quantile_of(0.5, chronological), quantile_of(0.5, error))),
                   *bars.times_chronological_median);
  if (bars.times_chronological_p95)
    judge.at_least("chronological / forward, p95",
                   figure(outcomes, ratio_of(quantile_of(0.95, chronological), quantile_of(0.95, error))),
                   *bars.times_chronological_p95);
  if (bars.never_worse_than_chronological) {
    judge.at_most("median error against chronological", median, chrono.value);
    judge.at_most("p95 error against chronological", p95, chrono95.value);
  }
  if (bars.must_be_locked) judge.at_least("runs flagged as locked", {static_cast<double>(locked), 0}, n);
  judge.at_most("energy fitted against read, %", {100 * balance, 0}, 0.1);
  std::vector<std::string> missed;
  for (const std::string& text : judge.missed()) missed.push_back(one.name + ": " + text);
  return missed;
}

Case varied(std::uint32_t inferences, double median, double p95, unsigned seeds, unsigned quick) {
  Case one{fmt::format("varied, N={}", inferences), {}, {}, seeds, quick};
  one.scenario.run.inferences = inferences;
  one.bars.median = median;
  one.bars.p95 = p95;
  return one;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  all.push_back(varied(30, 100, 1000, 30, 0));
  all.push_back(varied(100, 2.0, 22, 30, 16));
  all.back().bars.lag_us = 10;
  all.push_back(varied(300, 1.0, 13, 30, 12));
  all.push_back(varied(1000, 0.55, 7.5, 30, 8));
  all.back().bars.lag_us = 3;
  all.back().bars.of_bound = 1.15;
  all.back().bars.times_chronological_median = 10;
  all.back().bars.times_chronological_p95 = 4;
  all.push_back(varied(3000, 0.35, 5, 30, 0));
  all.back().bars.of_bound = 1.15;
  all.push_back(varied(30'000, 0.12, 1.5, 10, 0));
  all.back().bars.of_bound = 1.15;
  for (const std::uint32_t n : {30U, 100U, 1000U}) {
    Case flat{fmt::format("flat, N={}", n), {}, {}, 30, n == 100 ? 12U : 0U};
    flat.scenario.run.inferences = n;
    flat.scenario.network.profile = simulation::PowerProfile::flat;
    if (n == 100) {
      flat.bars.median = 0.7;
      flat.bars.p95 = 2.8;
      flat.bars.never_worse_than_chronological = true;
    }
    all.push_back(flat);
    Case outlier{fmt::format("outlier, N={}", n), {}, {}, 30, 0};
    outlier.scenario.run.inferences = n;
    outlier.scenario.network.profile = simulation::PowerProfile::outlier;
    all.push_back(outlier);
  }
  {
    Case small{"2 ms, 30 layers, N=300", {}, {}, 24, 0};
    small.scenario.run.inferences = 300;
    small.scenario.network.layers = 30;
    small.scenario.network.length = simulation::microseconds(2000);
    small.bars.lag_us = 30;
    small.bars.class_coverage = 0.85;
    all.push_back(small);
  }
  {
    Case harsh{"harsh mix, N=1000", {}, {}, 30, 0};
    harsh.scenario.run.inferences = 1000;
    harsh.scenario.sensor.quantum = Watts{0.04};
    harsh.scenario.sensor.noise = Watts{0.1};
    harsh.scenario.sensor.late = 0.01;
    harsh.scenario.run.noise = Watts{0.3};
    harsh.scenario.run.noise_time = simulation::microseconds(10'000);
    harsh.scenario.run.mark_jitter = simulation::microseconds(5);
    harsh.scenario.run.preempted = 0.01;
    harsh.scenario.run.bursts = 0.02;
    harsh.bars.least_coverage = 0.90;
    all.push_back(harsh);
  }
  {
    Case bias{"mark bias 1 us, N=10000", {}, {}, 10, 0};
    bias.scenario.run.inferences = 10'000;
    bias.scenario.run.mark_bias = simulation::microseconds(1);
    bias.bars.most_coverage = 0.98;
    all.push_back(bias);
  }
  for (const bool dither : {false, true}) {
    Case locked{dither ? "locked, dithered, N=300" : "locked, N=300", {}, {}, 30, dither ? 0U : 8U};
    locked.scenario.run.inferences = 300;
    locked.scenario.sensor.oscillator_tolerance = 0;
    locked.scenario.sensor.wander = 0;
    locked.scenario.run.timer = simulation::microseconds(1608 * 14);
    if (dither) locked.scenario.run.dither = simulation::microseconds(1608);
    if (dither) locked.bars.median = 1.3 * 0.65;
    if (dither) locked.bars.p95 = 1.3 * 9.2;
    locked.bars.must_be_locked = !dither;
    all.push_back(locked);
  }
  {
    Case tail{"tail 60 us, N=1000", {}, {}, 30, 0};
    tail.scenario.run.inferences = 1000;
    tail.scenario.run.supply_tail = simulation::microseconds(60);
    all.push_back(tail);
  }
  for (const std::string& name : simulation::sensor_names()) {
    if (name == "fast") continue;
    for (const std::uint32_t n : {300U, 3000U}) {
      Case board{fmt::format("board {}, N={}", name, n),
                 {},
                 {},
                 name == "nvml" ? 20U : 30U,
                 n == 300 && name == "nano" ? 4U : 0U};
      board.scenario.run.inferences = n;
      board.scenario.sensor = *simulation::sensor_named(name);
      board.bars.of_bound = 1.2;
      board.bars.least_coverage = 0.90;
      board.bars.most_coverage = 1.0;
      all.push_back(board);
    }
  }
  return all;
}

int run(const std::vector<std::string>& words) {
  bool quick = false;
  unsigned seeds = 0;
  std::string only;
  std::vector<Case> given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--quick")
      quick = true;
    else if (words[i] == "--seeds" && i + 1 < words.size())
      seeds = static_cast<unsigned>(std::stoul(words[++i]));
    else if (words[i] == "--only" && i + 1 < words.size())
      only = words[++i];
    else if (words[i] == "--scenario" && i + 1 < words.size()) {
      std::ifstream file{words[++i]};
      const std::string text{std::istreambuf_iterator<char>{file}, {}};
      const auto scenario = simulation::parse_scenario(text, words[i]);
      if (!scenario) {
        fmt::print(stderr, "accuracy: {}: {}\n", scenario.error().where, scenario.error().detail);
        return 2;
      }
      given.push_back({words[i], *scenario, {}, 10, 10});
    } else {
      fmt::print(stderr,
                 "usage: accuracy [--quick] [--seeds N] [--only PART-OF-A-NAME] [--scenario FILE.json]...\n");
      return 2;
    }
  }
  fmt::print(
      "SIMULATED. Errors are of layers, median / 95th percentile, %.\n{:<34} nets forward       | bound | "
      "chronological | coverage (short, middle, long) half-width | units p95 coverage | worst lag us, "
      "margin, balance %, window flagged, time\n",
      "");
  std::vector<std::string> missed;
  for (const Case& one : given.empty() ? cases() : given) {
    if (!only.empty() && one.name.find(only) == std::string::npos) continue;
    if (quick && one.quick_seeds == 0) continue;
    const auto outcomes = run_seeds(one, seeds > 0 ? seeds : quick ? one.quick_seeds : one.seeds);
    for (std::string& text : report(one, outcomes)) missed.push_back(std::move(text));
  }
  for (const std::string& text : missed) fmt::print("missed: {}\n", text);
  return missed.empty() ? 0 : 1;
}

}  // namespace
}  // namespace layerwatt

int main(int argc, char** argv) { return layerwatt::run({argv + 1, argv + argc}); }
