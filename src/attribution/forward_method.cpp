// SPDX-License-Identifier: Apache-2.0
// From a run to the regression and back; see forward_method.h.
#include "attribution/forward_method.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "attribution/concurrent_fit.h"
#include "attribution/forward/estimate.h"
#include "attribution/forward/robust.h"
#include "attribution/forward/super_layers.h"
#include "attribution/forward/window_fit.h"
#include "attribution/forward_notes.h"
#include "attribution/forward_problem.h"
#include "attribution/layer_times.h"
#include "attribution/phase_lock.h"
#include "attribution/statistics.h"

namespace layerwatt {

namespace {

// Share of its voltage that a supply loses per watt: 30 mOhm of cable and connector at 5 V, an assumption.
constexpr double supply_sag = 0.03 / 25;
constexpr double longest_lag_us = 200'000;
// Shares of readings that repeat the one before: above the second, rounding hides the layers; above the
// first, it may, and hides the lag as well if it does.
constexpr double many_repeated = 0.6, most_repeated = 0.8;
constexpr double likely_tail_us = 30;  // to begin with, where a search left one out
constexpr double sure_tail = 3;        // deviations of its own; a tail that is not there shifts the lag
constexpr double missing_tail = 2;     // standard deviations of the tests that may show it
constexpr double least_margin = 5;     // log-likelihood of the lag, below which it could be any
constexpr const char* lag_unknown =
    "when the sensor sees what could not be found out; measure longer, with pauses between inferences";
constexpr double unsure_activity = 0.1;  // standard deviation; 0.29 before any reading

// A sensor that averages multiplies mean current by mean voltage. Where the supply sags by c of its voltage a
// watt, a layer of power P then reads c (P - mean)^2 too high: c is allowed for as a standard deviation.
double sag_deviation(const forward::RailEstimate& estimate, const forward::Series& series, double power) {
  if (series.kept.empty()) return 0;
  const double mean = estimate.power.dot(estimate.seen) / estimate.seen.sum();
  return supply_sag * (power - mean) * (power - mean);
}

// Both parts of a layer's uncertainty that have nothing to do with readings, as power: its own marks, and how
// its time varied. `mean_us`, `variance` of the layer's duration.
double timing_variance(double mark_bias_us, double power, double before, double after, double mean_us,
                       double variance, double n) {
  if (!(mean_us > 0)) return 0;
  const double at_begin = (before + power) / 2, at_end = (power + after) / 2;
  const double bias = mark_bias_us * mark_bias_us * (at_begin * at_begin + at_end * at_end);
  return (bias + power * power * variance / n) / (mean_us * mean_us);
}

std::string clocks_disagree(double lag_us) {
  return fmt::format(
      "its readings fit the layers best {:.1f} ms {} than any that such a sensor gives, so its clock and "
      "that of the "
      "marks do not agree",
      std::abs(lag_us) * 1e-3, lag_us > 0 ? "later" : "earlier");
}

class Forward {
 public:
  Forward(const RunView& run, const AttributionOptions& options)
      : run_{run}, mark_bias_us_{microseconds(options.mark_bias)}, problem_{make_problem(run)} {
    measure_durations();
  }
  LayerPowers powers(const RailRecord& rail);
  std::optional<double> lag_us(const RailRecord& rail);

 private:
  void measure_durations();
  [[nodiscard]] forward::Series series_of(const RailRecord& rail) const;
  [[nodiscard]] bool enough(const forward::Series& series) const {
    return series.size() >= problem_.classes.size() / 2 + 10;
  }
  const forward::FittedWindow& window_of(const RailRecord& rail);
  [[nodiscard]] forward::EstimateOptions options() const;
  [[nodiscard]] double power_before(const forward::RailEstimate& estimate, Eigen::Index column) const;
  [[nodiscard]] double power_after(const forward::RailEstimate& estimate, Eigen::Index column) const;
  [[nodiscard]] LayerPowers as_powers(const forward::RailEstimate& estimate,
                                      const forward::Series& series) const;
  [[nodiscard]] LayerPowers none(const RailRecord& rail, const std::string& why,
                                 std::vector<std::string> notes) const;
  [[nodiscard]] std::optional<ConcurrentFit> fit_alone(const forward::Series& series,
                                                       const forward::Window& window) const;
  std::optional<ConcurrentFit> fit_concurrency(const RailRecord& rail, const forward::Series& series);
  void say_concurrency(const ConcurrentFit& found, LayerPowers& powers) const;
  [[nodiscard]] std::vector<double> covariance_of(const forward::RailEstimate& estimate,
                                                  const forward::Series& series) const;
  [[nodiscard]] std::vector<JoinedLayers> join(const forward::RailEstimate& estimate) const;
  [[nodiscard]] SensorFit fit_of(const forward::RailEstimate& estimate, const forward::FittedWindow& window,
                                 const forward::Series& series) const;

  const RunView& run_;
  double mark_bias_us_;
  ForwardProblem problem_;
  LayerTimes times_;
  std::vector<std::size_t> layer_of_column_;
  std::vector<bool> glued_;  // by place in times_.order: never runs without the layer before it
  double activity_ = 0.5;    // of layers at once, as far as it is known
  std::vector<double> mean_us_, variance_us2_;                                    // of each layer's duration
  std::map<std::pair<std::string, std::string>, forward::FittedWindow> windows_;  // by sensor and device
};

void Forward::measure_durations() {
  const std::size_t layers = run_.timeline.layers.size();
  times_ = layer_times(run_.execution, layers);
  for (const LayerTime& time : times_.layers) {
    mean_us_.push_back(time.mean_us);
    variance_us2_.push_back(time.variance_us2);
  }
  for (std::size_t l = 0; l < layers; ++l)
    if (problem_.column_of_layer[l] >= 0) layer_of_column_.push_back(l);
  glued_.assign(times_.order.size(), false);
  for (const auto& set : times_.inseparable)
    for (std::size_t i = 1; i < times_.order.size(); ++i)
      if (std::binary_search(set.begin(), set.end(), times_.order[i]) &&
          std::binary_search(set.begin(), set.end(), times_.order[i - 1]))
        glued_[i] = true;
}

forward::Series Forward::series_of(const RailRecord& rail) const {
  const auto& energy = run_.execution.energy;
  return forward::make_series(rail, problem_.origin, energy.front().load_begin, energy.back().unload_end);
}

const forward::FittedWindow& Forward::window_of(const RailRecord& rail) {
  const auto key = std::make_pair(rail.sensor, rail.device);
  if (const auto known = windows_.find(key); known != windows_.end()) return known->second;
  std::vector<forward::Series> all;
  for (const RailRecord& one : run_.timeline.rails) {
    if (one.sensor != rail.sensor || one.device != rail.device) continue;
    forward::Series series = series_of(one);
    const bool alike = all.empty() || series.kind == all.front().kind;
    if (series.size() >= 2 && alike) all.push_back(std::move(series));
  }
  std::vector<const forward::Series*> rails;
  for (const forward::Series& series : all) rails.push_back(&series);
  forward::WindowSearch search;
  // Where the age of a value is not known, an edge that it blurs looks like a tail.
  for (const forward::Series& series : all) search.fit_tail = search.fit_tail && !is_blurred(series);
  // A slow sensor may lag by as much as one refresh.
  if (rail.channel.refresh)
    search.latest_us = std::clamp(microseconds(*rail.channel.refresh), search.latest_us, longest_lag_us);
  const auto fit = [&](const forward::Segments& segments) {
    return forward::fit_window(segments, rails, problem_.classes.size(), search);
  };
  return windows_
      .emplace(key,
               run_.execution.overlapping ? fit(with_activity(problem_, activity_)) : fit(problem_.segments))
      .first->second;
}

forward::EstimateOptions Forward::options() const {
  forward::EstimateOptions options;
  options.layers = problem_.classes.size();
  options.inferences = problem_.inferences;
  options.classes = problem_.classes;
  options.masked = problem_.masked;
  return options;
}

// Of what acts next to a layer: its neighbour, or where there is none, the time around the inference.
double around(const ForwardProblem& problem, const forward::RailEstimate& estimate) {
  const bool any_gap = estimate.seen[problem.gap_column] > 0;
  return estimate.power[any_gap ? problem.gap_column : problem.idle_column];
}

double Forward::power_before(const forward::RailEstimate& estimate, Eigen::Index column) const {
  return column > 0 ? estimate.power[column - 1] : around(problem_, estimate);
}

double Forward::power_after(const forward::RailEstimate& estimate, Eigen::Index column) const {
  const auto last = static_cast<Eigen::Index>(problem_.classes.size()) - 1;
  return column < last ? estimate.power[column + 1] : around(problem_, estimate);
}

LayerPowers Forward::as_powers(const forward::RailEstimate& estimate, const forward::Series& series) const {
  const std::size_t layers = run_.timeline.layers.size();
  LayerPowers powers;
  powers.layers.resize(layers);
  powers.covariance = covariance_of(estimate, series);
  for (std::size_t i = 0; i < layer_of_column_.size(); ++i) {
    const auto c = static_cast<Eigen::Index>(i);
    const std::size_t l = layer_of_column_[i];
    powers.layers[l].mean = Watts{estimate.power[c]};
    powers.layers[l].half_width =
        Watts{normal_975 * std::sqrt(std::max(powers.covariance[l * layers + l], 0.0))};
    powers.layers[l].readings = static_cast<std::size_t>(std::lround(estimate.seen[c]));
  }
  const auto gap = static_cast<Eigen::Index>(problem_.gap_column);
  if (estimate.seen[gap] > 0) {
    powers.between.mean = Watts{estimate.power[gap]};
    powers.between.half_width = Watts{normal_975 * std::sqrt(std::max(estimate.covariance(gap, gap), 0.0))};
    powers.between.readings = static_cast<std::size_t>(std::lround(estimate.seen[gap]));
  }
  return powers;
}

// Layers that only together are known to within JoinedLayers::worst_alone, or that never run without each
// other.
std::vector<JoinedLayers> Forward::join(const forward::RailEstimate& estimate) const {
  const auto layers = static_cast<Eigen::Index>(times_.order.size());
  const auto used = static_cast<double>(std::max<std::size_t>(problem_.inferences, 1));
  constexpr double joule = 1e-6;  // W us
  Eigen::VectorXd seconds(layers), power(layers), edge(layers + 1);
  Eigen::MatrixXd covariance(layers, layers);
  const auto column = [&](Eigen::Index place) {
    return problem_.column_of_layer[times_.order[static_cast<std::size_t>(place)]];
  };
  for (Eigen::Index i = 0; i < layers; ++i) {
    const LayerTime& time = times_.layers[times_.order[static_cast<std::size_t>(i)]];
    seconds[i] = joule * time.mean_us;
    power[i] = estimate.power[column(i)];
    for (Eigen::Index j = 0; j <= i; ++j)
      covariance(i, j) = covariance(j, i) =
          estimate.covariance(column(i), column(j)) * seconds[i] * seconds[j];
    covariance(i, i) += joule * joule * power[i] * power[i] * time.variance_us2 / used;
    edge[i] = joule * mark_bias_us_ * ((i > 0 ? power[i - 1] : around(problem_, estimate)) + power[i]) / 2;
  }
  edge[layers] = joule * mark_bias_us_ * (power[layers - 1] + around(problem_, estimate)) / 2;
  const Eigen::VectorXd energy = power.cwiseProduct(seconds);
  std::vector<JoinedLayers> joined;
  for (const forward::Unit& unit :
       forward::join_layers(energy, covariance, edge, JoinedLayers::worst_alone, glued_)) {
    if (unit.first == unit.last) continue;
    JoinedLayers together;
    together.energy = Joules{unit.energy};
    together.half_width = Joules{normal_975 * unit.deviation};
    double worst = 0;
    for (std::size_t place = unit.first; place <= unit.last; ++place) {
      together.layers.push_back(times_.order[place]);
      together.always_together = together.always_together || (place > unit.first && glued_[place]);
      const auto i = static_cast<Eigen::Index>(place);
      const double half_width =
          normal_975 * std::sqrt(covariance(i, i) + edge[i] * edge[i] + edge[i + 1] * edge[i + 1]);
      if (energy[i] > 0) worst = std::max(worst, half_width / energy[i]);
    }
    const Nanoseconds length =
        run_.execution.energy.back().unload_end - run_.execution.energy.front().load_begin;
    const double too_wide = worst / JoinedLayers::worst_alone;
    const double times = too_wide * too_wide - 1;  // errors fall with the root of time
    if (!together.always_together && times > 0 && times < 1e4)
      together.more_time =
          Nanoseconds{static_cast<std::int64_t>(times * static_cast<double>(length.count()))};
    joined.push_back(std::move(together));
  }
  return joined;
}

// The search for the window sees part of the readings, and leaves out a tail that these do not show.
bool may_lack_tail(const forward::RailEstimate& estimate) {
  const auto is_large = [](const forward::WindowTest& test) { return test.deviations > missing_tail; };
  return estimate.window.tail_us < forward::smallest_tail_us &&
         std::any_of(estimate.tests.begin(), estimate.tests.end(), is_large);
}

std::optional<ConcurrentFit> Forward::fit_alone(const forward::Series& series,
                                                const forward::Window& window) const {
  auto estimate = forward::estimate(problem_.segments, series, window, options());
  if (estimate && may_lack_tail(*estimate)) {
    forward::Window behind_tail = estimate->window;
    behind_tail.tail_us = likely_tail_us;
    behind_tail.lag_us -= likely_tail_us;
    auto again = forward::estimate(problem_.segments, series, behind_tail, options());
    if (again && again->window.tail_us > sure_tail * again->tail_deviation_us) estimate = std::move(again);
  }
  return estimate ? std::optional{ConcurrentFit{std::move(*estimate), 0, std::nullopt}} : std::nullopt;
}

// A wrong activity looks like a wrong window: the window is fitted again with the activity that was found.
std::optional<ConcurrentFit> Forward::fit_concurrency(const RailRecord& rail, const forward::Series& series) {
  std::vector<double> excess;
  for (const std::size_t l : layer_of_column_) excess.push_back(times_.layers[l].excess);
  const auto rough = rough_activity(problem_, series, window_of(rail).window, options());
  if (rough) {
    activity_ = *rough;
    windows_.erase({rail.sensor, rail.device});
  }
  return fit_concurrent(problem_, excess, series, window_of(rail).window, options(), rough);
}

// What is known of layers that ran at the same time, and what is not.
void Forward::say_concurrency(const ConcurrentFit& found, LayerPowers& powers) const {
  powers.fit->two_at_once = (1 + found.activity) / 2;
  if (found.activity_deviation)
    powers.fit->two_at_once_half_width = normal_975 * *found.activity_deviation / 2;
  else
    for (std::size_t l = 0; l < times_.layers.size(); ++l)
      if (times_.layers[l].excess > 0) powers.layers[l].half_width.reset();
  for (const auto& set : times_.inseparable)
    for (const std::size_t l : set) powers.layers[l].half_width.reset();
  // More readings do not tell what is not in them.
  if (found.activity_deviation && *found.activity_deviation <= unsure_activity) return;
  for (JoinedLayers& joined : powers.joined)
    if (std::any_of(joined.layers.begin(), joined.layers.end(),
                    [&](std::size_t l) { return times_.layers[l].excess > 0; }))
      joined.more_time.reset();
}

// Of the layers' powers: from the readings, the supply's sag, marks and varying durations. Zero for layers
// that did not run.
std::vector<double> Forward::covariance_of(const forward::RailEstimate& estimate,
                                           const forward::Series& series) const {
  const std::size_t all = run_.timeline.layers.size();
  const auto used = static_cast<double>(std::max<std::size_t>(problem_.inferences, 1));
  std::vector<double> covariance(all * all);
  const auto at = [&](std::size_t a, std::size_t b) -> double& { return covariance[a * all + b]; };
  for (std::size_t i = 0; i < layer_of_column_.size(); ++i) {
    const auto c = static_cast<Eigen::Index>(i);
    const std::size_t l = layer_of_column_[i];
    const double power = estimate.power[c], sag = sag_deviation(estimate, series, power);
    for (std::size_t j = 0; j < layer_of_column_.size(); ++j) {
      const auto d = static_cast<Eigen::Index>(j);
      at(l, layer_of_column_[j]) +=
          estimate.covariance(c, d) + sag * sag_deviation(estimate, series, estimate.power[d]);
    }
    at(l, l) += timing_variance(mark_bias_us_, power, power_before(estimate, c), power_after(estimate, c),
                                mean_us_[l], variance_us2_[l], used);
    // What a wrong mark gives one layer the other lacks, if they are neighbours.
    if (i == 0 || run_.execution.overlapping) continue;
    const std::size_t before = layer_of_column_[i - 1];
    if (!(mean_us_[l] > 0) || !(mean_us_[before] > 0)) continue;
    const double edge = mark_bias_us_ * (estimate.power[c - 1] + power) / 2;
    at(l, before) -= edge * edge / (mean_us_[l] * mean_us_[before]);
    at(before, l) = at(l, before);
  }
  return covariance;
}

SensorFit Forward::fit_of(const forward::RailEstimate& estimate, const forward::FittedWindow& window,
                          const forward::Series& series) const {
  SensorFit fit;
  fit.lag = from_seconds(1e-6 * estimate.window.lag_us);
  fit.lag_half_width = from_seconds(1e-6 * normal_975 * estimate.lag_deviation_us);
  fit.tail =
      from_seconds(estimate.window.tail_us > forward::smallest_tail_us ? 1e-6 * estimate.window.tail_us : 0);
  fit.lag_margin = window.margin;
  fit.noise = Watts{estimate.noise};
  fit.readings = estimate.readings;
  fit.outliers = estimate.outliers;
  fit.condition = estimate.condition;
  for (const forward::WindowTest& test : estimate.tests)
    (test.of == "tail" ? fit.tail_test : fit.width_test) = test.deviations;
  for (Eigen::Index l = 0; l < estimate.reliability.size(); ++l)
    fit.from_prior += estimate.reliability[l] < 0.5;
  fit.balance = estimate.balance;
  const PhaseLock lock = phase_lock(problem_.begin_us, series.stamp_us);
  fit.phase_lock = lock.strength;
  const double cycle = series.period_us > 0 ? series.period_us : 1;
  if (is_locked(lock, std::min(series.width_us / cycle, 0.5)))
    fit.withheld =
        "inferences always begin at the same phase of the sensor's cycle, so some layers are never "
        "seen alone; vary the pauses between inferences by a whole cycle";
  else if (is_blurred(series))  // on an average they would hold the truth in 82 of 100 cases
    fit.withheld =
        "the readings come too slowly to show when the sensor converts; read it faster than that, one rail "
        "if need be";
  return fit;
}

std::string too_coarse(const RailRecord& rail, const forward::Series& series) {
  const std::string step =
      rail.channel.quantum ? fmt::format("of {:.0f} mW ", rail.channel.quantum->value() * 1e3) : "";
  return fmt::format(
      "the sensor's step {}is coarser than what an inference moves its value by: {:.0f} % of readings "
      "repeat the one before; average less, or not at all",
      step, 100 * series.repeated);
}

// When nothing can be said of layers but their sum, which the whole inference tells.
LayerPowers Forward::none(const RailRecord& rail, const std::string& why,
                          std::vector<std::string> notes) const {
  LayerPowers powers;
  powers.layers.resize(run_.timeline.layers.size());
  powers.notes = std::move(notes);
  powers.fit.emplace();
  powers.fit->withheld = why;
  powers.notes.push_back(
      fmt::format("{}: layers cannot be told apart: {}. Method time-proportional shares energy out by time.",
                  rail.channel.rail, why));
  return powers;
}

// A monitoring chip that smooths in hardware and does not tell.
bool may_average_unseen(const Channel& channel) {
  return channel.origin == Origin::measured && channel.meaning == Meaning::power_now && !channel.averaging;
}

LayerPowers Forward::powers(const RailRecord& rail) {
  LayerPowers powers;
  powers.layers.resize(run_.timeline.layers.size());
  const forward::Series series = series_of(rail);
  powers.notes = series.notes;
  const std::string& name = rail.channel.rail;
  if (!enough(series)) {
    powers.notes.push_back(
        fmt::format("{}: {} usable readings cannot be split over {} layers; measure longer.", name,
                    series.size(), problem_.classes.size()));
    return powers;
  }
  const bool coarse = series.repeated > many_repeated && window_of(rail).margin < SensorFit::sure_margin;
  if (coarse || series.repeated > most_repeated) return none(rail, too_coarse(rail, series), powers.notes);
  if (const auto beyond_us = window_of(rail).beyond_us)
    return none(rail, clocks_disagree(*beyond_us), powers.notes);
  if (window_of(rail).margin < least_margin) return none(rail, lag_unknown, powers.notes);
  const auto found =
      run_.execution.overlapping ? fit_concurrency(rail, series) : fit_alone(series, window_of(rail).window);
  if (!found) {
    powers.notes.push_back(
        fmt::format("{}: too few readings of undisturbed inferences to split over layers.", name));
    return powers;
  }
  const forward::RailEstimate& estimate = found->estimate;
  powers = as_powers(estimate, series);
  powers.fit = fit_of(estimate, window_of(rail), series);
  powers.joined = join(estimate);
  if (run_.execution.overlapping) say_concurrency(*found, powers);
  if (!powers.fit->withheld.empty()) {
    for (LayerPower& layer : powers.layers) layer.half_width.reset();
    powers.between.half_width.reset();
    powers.covariance.clear();
  }
  powers.notes = series.notes;
  powers.notes.insert(powers.notes.end(), problem_.notes.begin(), problem_.notes.end());
  problem_.notes.clear();  // they are about the run, not the rail
  if (may_average_unseen(rail.channel))
    powers.notes.push_back(
        fmt::format("{}: whether the sensor averages is not known, and it is taken not to: if it does, "
                    "layers lean on their neighbours by more than the intervals say.",
                    name));
  for (std::string& sentence : forward_notes(name, powers, run_.timeline.layers))
    powers.notes.push_back(std::move(sentence));
  return powers;
}

std::optional<double> Forward::lag_us(const RailRecord& rail) {
  const forward::Series series = series_of(rail);
  if (!enough(series)) return std::nullopt;
  const forward::Window& window = window_of(rail).window;
  const double width = series.length_us.empty() ? window.width_us : median(series.length_us);
  return window.lag_us + window.tail_us + (width + series.jitter_us) / 2;
}

}  // namespace

FindPowers forward_method(const RunView& run, const AttributionOptions& options) {
  if (run.execution.segments.empty() || run.execution.energy.empty())
    return [layers = run.timeline.layers.size()](const RailRecord&, const PowerTrace&, Watts) {
      LayerPowers none;
      none.layers.resize(layers);
      return none;
    };
  return [forward = std::make_shared<Forward>(run, options)](const RailRecord& rail, const PowerTrace&,
                                                             Watts) { return forward->powers(rail); };
}

FindLag fitted_lags_us(const RunView& run) {
  if (run.execution.segments.empty() || run.execution.energy.empty())
    return [](const RailRecord&) { return std::nullopt; };
  return [forward = std::make_shared<Forward>(run, AttributionOptions{})](const RailRecord& rail) {
    return forward->lag_us(rail);
  };
}

}  // namespace layerwatt
