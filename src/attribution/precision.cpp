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
// Method forward joins layers that are known worse than this: the worst of a group is so well known when the
// group's more_time has passed.
constexpr double joined_above = 0.2;
// SensorFit::lag_margin; below it another lag, with another split over layers, is as good.
constexpr double sure_margin = 50;

struct Unit {
  double half_width = unknown;
  Nanoseconds length{};
  std::size_t layers = 1;
  double parts = unknown;  // times as many inferences until a group parts
};

std::optional<double> relative(const LayerEnergy& layer) {
  if (!layer.energy || !layer.energy->interval || !(layer.energy->value > Joules{0})) return std::nullopt;
  const auto& interval = *layer.energy->interval;
  return (interval.high - interval.low) / 2 / layer.energy->value;
}

Unit unit_of(const JoinedLayers& group, const Profile& profile, Nanoseconds measured) {
  Unit unit;
  if (group.energy > Joules{0}) unit.half_width = group.half_width / group.energy;
  unit.layers = group.layers.size();
  for (const std::size_t layer : group.layers) unit.length += profile.layers[layer].marked.mean;
  if (group.more_time && !group.always_together && measured > Nanoseconds{0})
    unit.parts = 1 + *group.more_time / (measured * 1.0);
  return unit;
}

std::vector<Unit> units_of(const Profile& profile, const RailProfile& rail) {
  const Nanoseconds measured =
      (profile.marked_whole.mean + rail.pause) * static_cast<Nanoseconds::rep>(profile.inferences);
  std::vector<Unit> units;
  std::vector<bool> grouped(profile.layers.size());
  for (const JoinedLayers& group : rail.joined) {
    for (const std::size_t layer : group.layers) grouped[layer] = true;
    units.push_back(unit_of(group, profile, measured));
  }
  for (std::size_t l = 0; l < profile.layers.size(); ++l) {
    if (grouped[l] || profile.layers[l].runs == 0) continue;
    units.push_back({relative(rail.layers[l]).value_or(unknown), profile.layers[l].marked.mean});
  }
  return units;
}

// Half-width that a wrong place of both marks makes, where the neighbours draw what this draws.
double of_marks(Nanoseconds length, Nanoseconds mark_bias) {
  if (length <= Nanoseconds{0}) return unknown;
  return normal_975 * std::sqrt(2.0) * (mark_bias / (length * 1.0));
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
  const double whole = times_until(unit.half_width, of_marks(unit.length, mark_bias), target);
  if (unit.layers == 1 || (whole <= unit.parts && !must_part)) return whole;
  const auto mean = unit.length / static_cast<Nanoseconds::rep>(unit.layers);
  return times_until(joined_above * std::sqrt(unit.parts), of_marks(mean, mark_bias), target);
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

Precision precision_of(const Profile& profile, double target, Nanoseconds mark_bias) {
  Precision precision;
  precision.target = target;
  if (profile.rails.empty()) return precision;
  const RailProfile& rail = profile.rails[headline_rail(profile)];
  const std::vector<Unit> units = units_of(profile, rail);
  precision.units = units.size();
  precision.lag_unsure = rail.fit && rail.fit->withheld.empty() && rail.fit->lag_margin < sure_margin;
  precision.groups = rail.joined.size();
  for (const JoinedLayers& group : rail.joined) precision.grouped += group.layers.size();
  std::vector<double> widths, times;
  for (const Unit& unit : units) {
    precision.within += unit.half_width <= target;
    precision.too_short += unit.half_width > target && of_marks(unit.length, mark_bias) >= target;
    widths.push_back(unit.half_width);
    times.push_back(times_needed(unit, units.size() == 1, target, mark_bias));
  }
  if (const double width = enough_are_within(widths); width < unknown) precision.half_width = width;
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
