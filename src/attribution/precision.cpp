// SPDX-License-Identifier: Apache-2.0
// Counting units that are known well enough; see precision.h. The prediction: what readings tell grows with
// their number, so that part of a half-width falls with its root; what marks leave open stays.
#include "attribution/precision.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "attribution/statistics.h"

namespace layerwatt {

namespace {

constexpr double unknown = std::numeric_limits<double>::infinity();

struct Unit {
  double half_width = unknown;
  std::size_t layers = 1;
  double marks = unknown;  // half-width for each second that its marks are in the wrong place
  double parts = unknown;  // times as many inferences until a group parts
};

std::optional<double> relative(const LayerEnergy& layer) {
  if (!layer.energy || !layer.energy->interval || !(layer.energy->value > Joules{0})) return std::nullopt;
  const auto& interval = *layer.energy->interval;
  return (interval.high - interval.low) / 2 / layer.energy->value;
}

// Of layers that follow each other. A mark in the wrong place gives one side what is the other's: there the
// power between the two is at stake.
double marks_of(Joules energy, std::size_t first, std::size_t last, const Profile& profile,
                const RailProfile& rail) {
  Nanoseconds length{};
  for (std::size_t l = first; l <= last; ++l) length += profile.layers[l].marked.mean;
  if (length <= Nanoseconds{0} || !(energy > Joules{0})) return unknown;
  const Watts own = energy / length;
  const auto of_neighbour = [&](std::size_t layer) {
    return layer < rail.layers.size() ? rail.layers[layer].power.value_or(own) : own;
  };
  const Watts before = first > 0 ? of_neighbour(first - 1) : own, after = of_neighbour(last + 1);
  const double at_begin = ((before + own) / 2).value(), at_end = ((own + after) / 2).value();
  return normal_975 * std::hypot(at_begin, at_end) / energy.value();
}

Unit unit_of(const JoinedLayers& group, const Profile& profile, const RailProfile& rail,
             Nanoseconds measured) {
  Unit unit;
  if (group.energy > Joules{0}) unit.half_width = group.half_width / group.energy;
  unit.layers = group.layers.size();
  const auto [first, last] = std::minmax_element(group.layers.begin(), group.layers.end());
  if (unit.layers > 0) unit.marks = marks_of(group.energy, *first, *last, profile, rail);
  if (group.more_time && !group.always_together && measured > Nanoseconds{0})
    unit.parts = 1 + *group.more_time / (measured * 1.0);
  return unit;
}

Unit unit_of(std::size_t layer, const Profile& profile, const RailProfile& rail) {
  Unit unit;
  unit.half_width = relative(rail.layers[layer]).value_or(unknown);
  if (rail.layers[layer].energy)
    unit.marks = marks_of(rail.layers[layer].energy->value, layer, layer, profile, rail);
  return unit;
}

std::vector<Unit> units_of(const Profile& profile, const RailProfile& rail) {
  const Nanoseconds measured =
      (profile.marked_whole.mean + rail.pause) * static_cast<Nanoseconds::rep>(profile.inferences);
  std::vector<Unit> units;
  std::vector<bool> grouped(profile.layers.size());
  for (const JoinedLayers& group : rail.joined) {
    for (const std::size_t layer : group.layers) grouped[layer] = true;
    units.push_back(unit_of(group, profile, rail, measured));
  }
  for (std::size_t l = 0; l < profile.layers.size(); ++l)
    if (!grouped[l] && profile.layers[l].runs > 0) units.push_back(unit_of(l, profile, rail));
  return units;
}

// Times as many inferences until `half_width`, of which `marks` stays, is within the target.
double times_until(double half_width, double marks, double target) {
  if (half_width <= target) return 1;
  if (!(half_width < unknown) || marks >= target) return unknown;
  return (half_width * half_width - marks * marks) / (target * target - marks * marks);
}

// Of a unit; of a group that parts before it is within, of its worst layer, as known at the moment it parts:
// errors fall with the root of time.
double times_needed(const Unit& unit, bool must_part, double target, Nanoseconds mark_bias) {
  const double marks = unit.marks * seconds(mark_bias);
  const double whole = times_until(unit.half_width, marks, target);
  if (unit.layers == 1 || (whole <= unit.parts && !must_part)) return whole;
  return times_until(JoinedLayers::worst_alone * std::sqrt(unit.parts),
                     marks * static_cast<double>(unit.layers), target);
}

// The smallest value that `precise_share` of all are not above.
double enough_are_within(std::vector<double> values) {
  if (values.empty()) return unknown;
  const auto wanted =
      static_cast<std::size_t>(std::ceil(precise_share * static_cast<double>(values.size()) - 1e-9));
  const auto last = values.begin() + static_cast<std::ptrdiff_t>(wanted - 1);
  std::nth_element(values.begin(), last, values.end());
  return *last;
}

}  // namespace

// One group of all layers tells nothing about layers, however well it is known.
bool Precision::reached() const {
  const bool told_apart = units > 1 || (units == 1 && groups == 0);
  return told_apart && !lag_unsure && half_width && *half_width <= target;
}

Precision precision_of(const Profile& profile, double target) {
  Precision precision;
  precision.target = target;
  if (profile.rails.empty()) return precision;
  const RailProfile& rail = profile.rails[headline_rail(profile)];
  const std::vector<Unit> units = units_of(profile, rail);
  precision.units = units.size();
  precision.lag_unsure =
      rail.fit && rail.fit->withheld.empty() && rail.fit->lag_margin < SensorFit::sure_margin;
  precision.groups = rail.joined.size();
  for (const JoinedLayers& group : rail.joined) precision.grouped += group.layers.size();
  std::vector<double> widths, times, marks;
  for (const Unit& unit : units) {
    precision.within += unit.half_width <= target;
    precision.too_short += unit.half_width > target && unit.marks * seconds(profile.mark_bias) >= target;
    widths.push_back(unit.half_width);
    marks.push_back(unit.marks * seconds(profile.mark_bias));
    times.push_back(times_needed(unit, units.size() == 1, target, profile.mark_bias));
  }
  if (const double width = enough_are_within(widths); width < unknown) precision.half_width = width;
  if (const double width = enough_are_within(marks); width < unknown) precision.reachable = width;
  const double inferences =
      std::ceil(static_cast<double>(profile.inferences) * enough_are_within(times) - 1e-6);
  constexpr double countable = 1e15;
  if (precision.reached())
    precision.needed = profile.inferences;
  else if (!precision.lag_unsure && inferences < countable)
    precision.needed =
        std::max<std::uint64_t>(profile.inferences + 1, static_cast<std::uint64_t>(inferences));
  return precision;
}

void keep_headline_rail(Timeline& timeline) {
  const auto read = [](const RailRecord& rail) { return !rail.readings.empty(); };
  auto headline = std::find_if(timeline.rails.begin(), timeline.rails.end(),
                               [&](const RailRecord& rail) { return rail.channel.is_total && read(rail); });
  if (headline == timeline.rails.end())
    headline = std::find_if(timeline.rails.begin(), timeline.rails.end(), read);
  if (headline == timeline.rails.end()) return;
  RailRecord kept = std::move(*headline);
  timeline.rails.clear();
  timeline.rails.push_back(std::move(kept));
}

std::string brief(const Precision& precision) {
  return fmt::format("{} of {} within {:.3g} %", precision.within, precision.units, 100 * precision.target);
}

}  // namespace layerwatt
