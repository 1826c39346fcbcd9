// SPDX-License-Identifier: Apache-2.0
// From a run to the regression and back; see forward_method.h.
#include "attribution/forward_method.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "attribution/forward/estimate.h"
#include "attribution/forward/mark_smoothing.h"
#include "attribution/forward/window_fit.h"
#include "attribution/statistics.h"

namespace layerwatt {

namespace {

using forward::Boundaries;

constexpr double mark_bias_us = 1;         // systematic error of one mark that intervals allow for
constexpr double longest_break_us = 8000;  // between inferences; longer ones are not just idle
constexpr std::size_t fewest_of_a_class = 4;

// The run as the regression wants it.
struct Problem {
  Instant origin;
  forward::Segments segments;                 // columns: layers that ran, then gaps, then idle
  std::vector<std::int32_t> column_of_layer;  // -1 = did not run
  std::uint32_t gap_column = 0, idle_column = 0;
  std::vector<std::uint32_t> classes;  // of each layer column
  std::vector<std::pair<double, double>> masked;
  std::size_t inferences = 0;
  std::vector<std::string> notes;
};

double microseconds(Nanoseconds t) { return static_cast<double>(t.count()) * 1e-3; }

// The layers of one inference in order of time.
using Pieces = std::vector<const Segment*>;

std::vector<Pieces> pieces_by_inference(const Execution& execution) {
  std::vector<Pieces> pieces(execution.energy.size());
  for (const Segment& segment : execution.segments) pieces[segment.inference].push_back(&segment);
  return pieces;
}

// Load, layers with gaps between them, unload: the moments of one inference, us.
void append_moments(const Inference& inference, const Pieces& pieces, Instant origin,
                    std::vector<double>& moments) {
  moments.push_back(microseconds(inference.load_begin - origin));
  for (const Segment* piece : pieces) {
    moments.push_back(std::max(moments.back(), microseconds(piece->begin - origin)));
    moments.push_back(std::max(moments.back(), microseconds(piece->end - origin)));
  }
  moments.push_back(std::max(moments.back(), microseconds(inference.unload_end - origin)));
}

class ProblemMaker {
 public:
  explicit ProblemMaker(const RunView& run) : run_{run}, pieces_{pieces_by_inference(run.execution)} {
    problem_.origin = run.execution.energy.front().load_begin;
  }
  Problem make() &&;

 private:
  void number_columns();
  [[nodiscard]] bool regular() const;
  [[nodiscard]] std::vector<std::vector<double>> moments();
  void lay_out(const std::vector<std::vector<double>>& moments);
  void append(double from, std::uint32_t column) {
    problem_.segments.knot_us.push_back(from);
    problem_.segments.column.push_back(column);
  }

  const RunView& run_;
  std::vector<Pieces> pieces_;
  std::vector<bool> disturbed_;
  Problem problem_;
};

void ProblemMaker::number_columns() {
  const std::size_t layers = run_.timeline.layers.size();
  std::vector<bool> ran(layers, false);
  for (const Segment& segment : run_.execution.segments) ran[segment.layer] = true;
  std::map<std::string, std::size_t> of_type;
  std::uint32_t next = 0;
  problem_.column_of_layer.assign(layers, -1);
  for (std::size_t l = 0; l < layers; ++l) {
    if (!ran[l]) continue;
    problem_.column_of_layer[l] = static_cast<std::int32_t>(next++);
    ++of_type[run_.timeline.layers[l].type];
  }
  std::map<std::string, std::uint32_t> class_of;
  for (const auto& [type, count] : of_type)
    if (count >= fewest_of_a_class) class_of.emplace(type, static_cast<std::uint32_t>(class_of.size() + 1));
  for (std::size_t l = 0; l < layers; ++l) {
    if (!ran[l]) continue;
    const auto known = class_of.find(run_.timeline.layers[l].type);
    problem_.classes.push_back(known == class_of.end() ? 0 : known->second);
  }
  problem_.gap_column = next;
  problem_.idle_column = next + 1;
  problem_.segments.columns = next + 2;
}

// Every marked inference ran the same layers in the same order.
bool ProblemMaker::regular() const {
  const Pieces* first = nullptr;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (!run_.execution.marked[i]) continue;
    if (first == nullptr) first = &pieces_[i];
    const auto same = [](const Segment* a, const Segment* b) { return a->layer == b->layer; };
    if (!std::equal(pieces_[i].begin(), pieces_[i].end(), first->begin(), first->end(), same)) return false;
  }
  return first != nullptr;
}

// Of each inference, smoothed where all of them ran the same layers.
std::vector<std::vector<double>> ProblemMaker::moments() {
  const auto& energy = run_.execution.energy;
  std::vector<std::vector<double>> all(energy.size());
  disturbed_.assign(energy.size(), false);
  for (std::size_t i = 0; i < energy.size(); ++i)
    append_moments(energy[i], pieces_[i], problem_.origin, all[i]);
  if (!regular()) {
    problem_.notes.push_back(
        "Inferences ran different layers, so random errors of the marks were not smoothed out.");
    return all;
  }
  Boundaries marks;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < energy.size(); ++i) {
    if (!run_.execution.marked[i]) continue;
    marks.layers = all[i].size() - 1;
    marks.moment_us.insert(marks.moment_us.end(), all[i].begin(), all[i].end());
    which.push_back(i);
  }
  const std::vector<bool> disturbed = forward::disturbed_inferences(marks);
  const Boundaries smooth = forward::smooth_marks(marks);
  const auto bad = static_cast<std::size_t>(std::count(disturbed.begin(), disturbed.end(), true));
  const bool few = bad * 2 <= disturbed.size();
  for (std::size_t r = 0; r < which.size(); ++r) {
    const auto moments = smooth.of(r);
    all[which[r]].assign(moments.begin(), moments.end());
    disturbed_[which[r]] = few && disturbed[r];
  }
  if (bad > 0 && few)
    problem_.notes.push_back(
        fmt::format("{} of {} inferences were left out of the split over layers: a layer took far longer "
                    "than usual, as after a preemption.",
                    bad, which.size()));
  if (!few)
    problem_.notes.push_back(
        "More than half of the inferences were disturbed; none was left out. Close other programs and fix "
        "the clocks, then measure again.");
  return all;
}

void ProblemMaker::lay_out(const std::vector<std::vector<double>>& moments) {
  const auto& energy = run_.execution.energy;
  for (std::size_t i = 0; i < energy.size(); ++i) {
    if (i > 0 && moments[i].front() - moments[i - 1].back() > longest_break_us)
      problem_.masked.emplace_back(moments[i - 1].back(), moments[i].front());
    const bool usable = run_.execution.marked[i] && !disturbed_[i];
    if (!usable) problem_.masked.emplace_back(moments[i].front(), moments[i].back());
    if (usable) ++problem_.inferences;
    for (std::size_t m = 0; m + 1 < moments[i].size(); ++m) {
      const bool in_layer = m % 2 == 1;
      const std::uint32_t column =
          in_layer ? static_cast<std::uint32_t>(problem_.column_of_layer[pieces_[i][m / 2]->layer])
                   : problem_.gap_column;
      append(moments[i][m], column);
    }
    append(moments[i].back(), problem_.idle_column);
  }
  problem_.segments.column.pop_back();  // the last knot ends the last inference
}

Problem ProblemMaker::make() && {
  number_columns();
  lay_out(moments());
  return std::move(problem_);
}

// Both parts of a layer's uncertainty that have nothing to do with readings, as power: its own marks, and how
// its time varied. `mean_us`, `variance` of the layer's duration.
double timing_variance(double power, double before, double after, double mean_us, double variance, double n) {
  if (!(mean_us > 0)) return 0;
  const double at_begin = (before + power) / 2, at_end = (power + after) / 2;
  const double bias = mark_bias_us * mark_bias_us * (at_begin * at_begin + at_end * at_end);
  return (bias + power * power * variance / n) / (mean_us * mean_us);
}

class Forward {
 public:
  explicit Forward(const RunView& run) : run_{run}, problem_{ProblemMaker{run}.make()} {
    measure_durations();
  }
  LayerPowers powers(const RailRecord& rail);

 private:
  void measure_durations();
  [[nodiscard]] forward::Series series_of(const RailRecord& rail) const;
  const forward::FittedWindow& window_of(const RailRecord& rail);
  [[nodiscard]] LayerPowers as_powers(const forward::RailEstimate& estimate) const;
  void say(const forward::RailEstimate& estimate, const forward::FittedWindow& window, const RailRecord& rail,
           LayerPowers& powers) const;

  const RunView& run_;
  Problem problem_;
  std::vector<double> mean_us_, variance_us2_;                                    // of each layer's duration
  std::map<std::pair<std::string, std::string>, forward::FittedWindow> windows_;  // by sensor and device
};

void Forward::measure_durations() {
  const std::size_t layers = run_.timeline.layers.size();
  std::vector<double> count(layers), squares(layers);
  mean_us_.assign(layers, 0);
  for (const Segment& segment : run_.execution.segments) {
    const double length = microseconds(segment.end - segment.begin);
    count[segment.layer] += 1;
    const double step = length - mean_us_[segment.layer];
    mean_us_[segment.layer] += step / count[segment.layer];
    squares[segment.layer] += step * (length - mean_us_[segment.layer]);
  }
  for (std::size_t l = 0; l < layers; ++l)
    variance_us2_.push_back(count[l] > 1 ? squares[l] / (count[l] - 1) : 0);
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
  // A slow sensor may lag by as much as one refresh.
  if (rail.channel.refresh)
    search.latest_us = std::max(search.latest_us, microseconds(*rail.channel.refresh));
  return windows_.emplace(key, forward::fit_window(problem_.segments, rails, problem_.classes.size(), search))
      .first->second;
}

LayerPowers Forward::as_powers(const forward::RailEstimate& estimate) const {
  LayerPowers powers;
  powers.layers.resize(run_.timeline.layers.size());
  const auto at = [&](std::int32_t column) { return estimate.power[column]; };
  const auto last = static_cast<std::int32_t>(problem_.classes.size()) - 1;
  const auto used = static_cast<double>(std::max<std::size_t>(problem_.inferences, 1));
  for (std::size_t l = 0; l < powers.layers.size(); ++l) {
    const std::int32_t c = problem_.column_of_layer[l];
    if (c < 0) continue;
    const double gap = at(static_cast<std::int32_t>(problem_.gap_column));
    const double timing = timing_variance(at(c), c > 0 ? at(c - 1) : gap, c < last ? at(c + 1) : gap,
                                          mean_us_[l], variance_us2_[l], used);
    powers.layers[l].mean = Watts{at(c)};
    powers.layers[l].half_width =
        Watts{normal_975 * std::sqrt(std::max(estimate.covariance(c, c), 0.0) + timing)};
    powers.layers[l].readings = static_cast<std::size_t>(std::lround(estimate.seen[c]));
  }
  const auto gap = static_cast<Eigen::Index>(problem_.gap_column);
  powers.between.mean = Watts{estimate.power[gap]};
  powers.between.half_width = Watts{normal_975 * std::sqrt(std::max(estimate.covariance(gap, gap), 0.0))};
  return powers;
}

// Where reads come about as often as conversions, a timer's grid can be taken for the sensor's clock;
// intervals are then far too narrow. None is shown before coverage holds for every board as it boots.
void withhold_intervals(LayerPowers& powers) {
  for (LayerPower& layer : powers.layers) layer.half_width.reset();
  powers.between.half_width.reset();
  powers.notes.emplace_back(
      "Method forward is experimental: its intervals are withheld until they are shown to cover.");
}

LayerPowers Forward::powers(const RailRecord& rail) {
  LayerPowers none;
  none.layers.resize(run_.timeline.layers.size());
  const forward::Series series = series_of(rail);
  none.notes = series.notes;
  if (series.size() < problem_.classes.size() / 2 + 10) {
    none.notes.push_back(fmt::format("{}: {} usable readings cannot be split over {} layers; measure longer.",
                                     rail.channel.rail, series.size(), problem_.classes.size()));
    return none;
  }
  const forward::FittedWindow& window = window_of(rail);
  forward::EstimateOptions options;
  options.layers = problem_.classes.size();
  options.inferences = problem_.inferences;
  options.classes = problem_.classes;
  options.masked = problem_.masked;
  const auto estimate = forward::estimate(problem_.segments, series, window.window, options);
  if (!estimate) {
    none.notes.push_back(fmt::format("{}: too few readings of undisturbed inferences to split over layers.",
                                     rail.channel.rail));
    return none;
  }
  LayerPowers powers = as_powers(*estimate);
  powers.notes = series.notes;
  say(*estimate, window, rail, powers);
  withhold_intervals(powers);
  return powers;
}

void Forward::say(const forward::RailEstimate& estimate, const forward::FittedWindow& window,
                  const RailRecord& rail, LayerPowers& powers) const {
  const std::string& name = rail.channel.rail;
  powers.notes.push_back(fmt::format(
      "{}: the sensor shows power {:.2f} ms late (+- {:.0f} us), fitted from {} readings{}.", name,
      estimate.window.lag_us * 1e-3, normal_975 * estimate.lag_deviation_us, estimate.readings,
      estimate.window.tail_us > 4 ? fmt::format(", behind a {:.0f} us tail", estimate.window.tail_us) : ""));
  if (window.margin < 50)
    powers.notes.push_back(fmt::format(
        "{}: the sensor's lag is ambiguous (log-likelihood margin {:.0f}, below 50); the split over layers "
        "may be shifted. Longer gaps between inferences or more time would settle it.",
        name, window.margin));
  if (estimate.readings < 4 * problem_.segments.columns)
    powers.notes.push_back(fmt::format("{}: only {} readings for {} layers: exploratory.", name,
                                       estimate.readings, problem_.classes.size()));
  std::size_t from_prior = 0;
  for (Eigen::Index l = 0; l < estimate.reliability.size(); ++l) from_prior += estimate.reliability[l] < 0.5;
  if (from_prior * 20 > problem_.classes.size())
    powers.notes.push_back(fmt::format(
        "{}: for {} of {} layers the readings say less than the likeness of layers does; their powers are "
        "drawn to those of their kind.",
        name, from_prior, problem_.classes.size()));
}

}  // namespace

FindPowers forward_method(const RunView& run, const AttributionOptions&) {
  if (run.execution.segments.empty() || run.execution.energy.empty())
    return [layers = run.timeline.layers.size()](const RailRecord&, const PowerTrace&, Watts) {
      LayerPowers none;
      none.layers.resize(layers);
      return none;
    };
  return [forward = std::make_shared<Forward>(run)](const RailRecord& rail, const PowerTrace&, Watts) {
    return forward->powers(rail);
  };
}

}  // namespace layerwatt
