// SPDX-License-Identifier: Apache-2.0
// From powers to energies that add up. docs/attribution.md has the rules in words.
#include "attribution/rail_profile.h"

#include <algorithm>
#include <cmath>

#include "attribution/alone.h"
#include "attribution/idle_power.h"
#include "attribution/inference_energy.h"
#include "attribution/modules.h"
#include "attribution/odd_readings.h"
#include "attribution/plausible.h"
#include "attribution/statistics.h"
#include "attribution/time_proportional.h"

namespace layerwatt {

namespace {

// Readings that should have come; not those of pauses, when nobody asked for any.
std::size_t missing_readings(const RailRecord& rail, const PowerTrace& trace) {
  std::size_t missing = trace.discarded();
  for (const Gap& gap : rail.gaps) {
    if (is_wanted(gap)) continue;
    ++missing;
    const bool whole = trace.period() && *trace.period() > Nanoseconds{0} && plausible(gap.from) &&
                       plausible(gap.to) && gap.to > gap.from;
    if (whole) missing += static_cast<std::size_t>((gap.to - gap.from) / *trace.period());
  }
  return missing;
}

// Energy that rescaling takes away: each part of the inference at its own power, parts whose power nobody
// knows at the mean.
Joules shed(const InferenceTimes& marked, const InferenceTimes& unmarked, const LayerPowers& powers,
            Watts mean) {
  Joules energy = powers.between.mean.value_or(mean) * (marked.between() - unmarked.between());
  for (std::size_t l = 0; l < marked.layers.size(); ++l)
    energy += powers.layers[l].mean.value_or(mean) * (marked.layers[l] - unmarked.layers[l]);
  return energy;
}

LayerEnergy layer_energy(const LayerPower& power, Nanoseconds duration, const RailProfile& rail) {
  LayerEnergy layer;
  layer.readings = power.readings;
  if (!power.mean || duration <= Nanoseconds{0}) return layer;
  std::optional<Joules> half_width;
  if (power.half_width && rail.per_layer_interval) half_width = *power.half_width * duration;
  layer.power = power.mean;
  layer.energy = estimate_with(*power.mean * duration, half_width);
  if (rail.idle) layer.net = layer.energy->value - rail.idle->value * duration;
  return layer;
}

void withhold_intervals(LayerPowers& powers) {
  for (LayerPower& layer : powers.layers) layer.half_width.reset();
  powers.between.half_width.reset();
  powers.joined.clear();
  powers.covariance.clear();
}

void set_idle(RailProfile& rail, const std::optional<IdlePower>& idle) {
  // What `estimate` counts is what the network adds: its idle is zero by definition, which is not a reading.
  if (!idle || rail.origin == Origin::estimated) return;
  rail.idle = estimate_with(idle->mean, idle->half_width);
  rail.idle_before = idle->before;
  rail.idle_after = idle->after;
}

void set_whole(RailProfile& rail, const InferenceEnergy& whole, const std::optional<IdlePower>& idle,
               const RunView& run, const LayerPowers& powers) {
  const Nanoseconds duration = run.unmarked.whole();
  const Watts mean = whole.mean / whole.duration;
  const Joules marked = mean * run.marked.whole();
  const Joules gross = marked - shed(run.marked, run.unmarked, powers, mean);
  const double scale = marked.value() != 0 ? gross / marked : 1;
  rail.mean_power = gross / duration;
  rail.pause = whole.pause;
  std::optional<Joules> half_width, net_half_width;
  if (whole.half_width) {
    const Joules spread = *whole.half_width * std::abs(scale);
    const Watts idle_error = idle && idle->half_width ? *idle->half_width : Watts{};
    half_width = combined(spread, idle_error * whole.pause);
    net_half_width = combined(spread, idle_error * (whole.pause + duration));
  }
  rail.inference = estimate_with(gross, half_width);
  if (rail.idle) rail.net = estimate_with(gross - rail.idle->value * duration, net_half_width);
}

void set_layers(RailProfile& rail, const RunView& run, const LayerPowers& powers) {
  Joules layers{};
  for (std::size_t l = 0; l < powers.layers.size(); ++l) {
    rail.layers.push_back(layer_energy(powers.layers[l], run.unmarked.layers[l], rail));
    if (rail.layers.back().energy) layers += rail.layers.back().energy->value;
  }
  std::span<const double> covariance;
  if (rail.per_layer_interval) covariance = powers.covariance;
  const LayerSums sums{rail.layers, run.unmarked.layers, covariance};
  rail.modules = run.groups.empty() ? modules_of(run.timeline.layers, run.execution.nestings, sums)
                                    : groups_of(run.groups, sums);
  if (run.alone != nullptr) rail.alone = alone_energy(*run.alone, sums);
  rail.gap_readings = powers.between.readings;
  if (powers.between.mean) rail.gaps = *powers.between.mean * run.unmarked.between();
  rail.unexplained = rail.inference.value - layers - rail.gaps;
}

}  // namespace

std::optional<RailResult> profile_rail(const RailRecord& record, const RunView& run, const FindPowers& find) {
  const PowerTrace trace{record};
  const auto idle = idle_power(trace, run.timeline, record.channel.quantum);
  const auto whole = inference_energy(trace, run.execution, idle);
  if (!whole || run.unmarked.whole() <= Nanoseconds{0}) return std::nullopt;
  RailResult result;
  RailProfile& rail = result.profile;
  rail.rail = record.channel.rail;
  rail.sensor = record.sensor;
  rail.origin = record.channel.origin;
  rail.is_total = record.channel.is_total;
  rail.accuracy = record.channel.accuracy;
  rail.per_layer_interval = rail.origin != Origin::estimated;
  rail.readings = trace.readings();
  rail.missing = missing_readings(record, trace);
  rail.period = trace.period();
  rail.time_constant = trace.time_constant();
  const Watts mean = whole->mean / whole->duration;
  // The CPU-time clock behind an estimate moves in scheduler ticks of milliseconds: it knows nothing of
  // layers.
  const bool by_time = rail.origin == Origin::estimated;
  LayerPowers powers =
      by_time ? time_proportional(run.timeline.layers.size(), mean) : find(record, trace, mean);
  const OddReadings odd = odd_readings(record, trace, run.execution, run.timeline.sampler);
  // Within one inference readings say nothing about the next.
  if (odd.withholds_intervals || run.execution.marked_count < 2) withhold_intervals(powers);
  set_idle(rail, idle);
  set_whole(rail, *whole, idle, run, powers);
  set_layers(rail, run, powers);
  rail.joined = powers.joined;
  rail.fit = powers.fit;
  result.notes = odd.notes;
  result.notes.insert(result.notes.end(), powers.notes.begin(), powers.notes.end());
  result.pause_share = whole->pause / ((whole->pause + whole->duration) * 1.0);
  result.idle_settled = !idle || idle->settled;
  return result;
}

}  // namespace layerwatt
