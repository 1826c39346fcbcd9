// SPDX-License-Identifier: Apache-2.0
// From what a sensor's makers promise to joules. Evaluated as the GUM (JCGM 100:2008) says: a largest error
// is the half-width of a rectangle (4.3.7), an interval that others worked out is divided by its factor
// (4.3.4), components add as squares (5.1.2), and k = 2 (6.3.3).
#include "attribution/uncertainty.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "attribution/calibration_errors.h"
#include "attribution/run_scatter.h"
#include "attribution/sensor_errors.h"
#include "attribution/statistics.h"
#include "attribution/uncertainty_component.h"

namespace layerwatt {

namespace {

constexpr std::array<InfluenceFacts, 14> influences{{
    {"repetition, timing", "repetition", 'A', "J", "normal, 95 %", false},
    {"idle in pauses", "idle", 'A', "W", "normal, 95 %", true},
    {"run to run", "runs", 'A', "J", "Student", false},
    {"gain, shunt voltage", "shunt_gain", 'B', "1", "rectangular", true},
    {"gain, bus voltage", "bus_gain", 'B', "1", "rectangular", true},
    {"tolerance of shunt", "shunt_tolerance", 'B', "1", "rectangular", true},
    {"offset, shunt voltage", "shunt_offset", 'B', "V", "rectangular", true},
    {"offset, bus voltage", "bus_offset", 'B', "V", "rectangular", true},
    {"temperature of sensor", "temperature", 'B', "1", "", true},
    {"calibration", "calibration", 'B', "1", "", true},
    {"calibration, gain", "calibration_gain", 'A', "1", "normal, 95 %", true},
    {"calibration, level", "calibration_level", 'A', "W", "normal, 95 %", true},
    {"gain of the meter", "meter_gain", 'B', "1", "rectangular", true},
    {"offset of the meter", "meter_offset", 'B', "W", "rectangular", true},
}};

std::optional<Joules> half_width(const Estimate<Joules>& estimate) {
  if (!estimate.interval) return std::nullopt;
  return (estimate.interval->high - estimate.interval->low) / 2;
}

BudgetItem item_of(const JoinedLayers& joined, const Profile& profile) {
  BudgetItem item{joined.energy, {}, joined.half_width};
  for (const std::size_t layer : joined.layers) item.time += profile.layers[layer].duration;
  return item;
}

BudgetItems items_of(const RailProfile& rail, const Profile& profile) {
  BudgetItems items;
  items.inference = {rail.inference.value, profile.inference_time, half_width(rail.inference)};
  // What is net of idle is a difference of readings: their offset drops out.
  if (rail.net) items.net = BudgetItem{rail.net->value, Nanoseconds{0}, half_width(*rail.net)};
  for (std::size_t l = 0; l < rail.layers.size(); ++l) {
    const auto& energy = rail.layers[l].energy;
    items.layers.push_back(
        energy ? std::optional{BudgetItem{energy->value, profile.layers[l].duration, half_width(*energy)}}
               : std::nullopt);
  }
  for (const JoinedLayers& joined : rail.joined) items.joined.push_back(item_of(joined, profile));
  return items;
}

// ---- Type A ---------------------------------------------------------------------------------------------

Joules without(Joules whole, Joules part) {
  return Joules{std::sqrt(std::max(0.0, whole.value() * whole.value() - part.value() * part.value()))};
}

UncertaintyComponent idle(const RailProfile& rail, const Profile& profile) {
  if (!rail.idle) return not_assessed(Influence::idle, rail, "idle was not read");
  if (!rail.idle->interval) return not_assessed(Influence::idle, rail, "idle has no interval");
  UncertaintyComponent made;
  made.influence = Influence::idle;
  made.limit = (rail.idle->interval->high - rail.idle->interval->low).value() / 2;
  made.divisor = normal_975;
  made.sensitivity = seconds(rail.pause);
  const Watts standard{made.standard()};
  made.inference = standard * rail.pause;
  if (rail.net) made.net = standard * (rail.pause + profile.inference_time);
  made.layers.assign(rail.layers.size(), Joules{});  // gross: idle is in no layer
  made.joined.assign(rail.joined.size(), Joules{});
  return made;
}

// What the relative interval has beside idle, which rail_profile.cpp adds to it as squares.
UncertaintyComponent repetition(const RailProfile& rail, const Profile& profile, const BudgetItems& items) {
  const auto standard = [](const BudgetItem& item) -> std::optional<Joules> {
    if (!item.half_width) return std::nullopt;
    return *item.half_width / normal_975;
  };
  UncertaintyComponent made = component(Influence::repetition, items, standard);
  if (!made.inference) return not_assessed(Influence::repetition, rail, "too few readings to tell");
  const UncertaintyComponent at_idle = idle(rail, profile);
  if (at_idle.inference) made.inference = without(*made.inference, *at_idle.inference);
  if (made.net && at_idle.net) made.net = without(*made.net, *at_idle.net);
  made.limit = made.inference->value() * normal_975;
  made.divisor = normal_975;
  made.sensitivity = 1;
  return made;
}

// What runs differ by beyond what the scatter within each explains. Few runs know their standard deviation
// badly: it is widened so that k = 2 gives Student's 95 %.
UncertaintyComponent between_runs(const RailProfile& rail, const RunScatter& scatter,
                                  const UncertaintyComponent& repeated) {
  if (scatter.runs < fewest_runs)
    return not_assessed(Influence::runs, rail,
                        fmt::format("needs {} runs, there {} {}", fewest_runs,
                                    scatter.runs == 1 ? "is" : "are", scatter.runs));
  const double widening = student_975(scatter.runs - 1) / UncertaintyBudget::coverage;
  const auto beyond = [&](const std::optional<Joules>& deviation, const std::optional<Joules>& within) {
    return deviation ? std::optional{without(*deviation * widening, within.value_or(Joules{}))}
                     : std::nullopt;
  };
  UncertaintyComponent made;
  made.influence = Influence::runs;
  made.inference = beyond(scatter.inference, repeated.inference);
  made.net = beyond(scatter.net, repeated.net);
  for (std::size_t l = 0; l < rail.layers.size(); ++l)
    made.layers.push_back(beyond(scatter.layers[l], repeated.layers[l]));
  for (std::size_t j = 0; j < rail.joined.size(); ++j)
    made.joined.push_back(beyond(scatter.joined[j], repeated.joined[j]));
  made.limit = made.inference.value_or(Joules{}).value();
  made.sensitivity = 1;
  return made;
}

// ---- Together -------------------------------------------------------------------------------------------

bool must_be_known(Influence influence) {
  switch (influence) {
    case Influence::repetition:
    case Influence::shunt_gain:
    case Influence::bus_gain:
    case Influence::shunt_tolerance:
    case Influence::shunt_offset:
    case Influence::bus_offset:
    case Influence::meter_gain:
    case Influence::meter_offset: return true;
    default: return false;
  }
}

std::string reason_to_withhold(const RailProfile& rail, const UncertaintyBudget& budget) {
  if (rail.origin == Origin::estimated) return "power was estimated, and nothing says how far that is off";
  if (!rail.inference.interval) return "there is no relative interval";
  if (!rail.calibration && rail.accuracy == Accuracy{})
    return "nothing is known of how far this sensor may be off";
  std::string missing;
  for (const UncertaintyComponent& one : budget.components)
    if (must_be_known(one.influence) && !one.not_assessed.empty())
      missing += (missing.empty() ? "" : "; ") + std::string{facts_of(one.influence).name};
  return missing.empty() ? "" : "not known of this sensor: " + missing;
}

UncertaintyBudget budget_of(const RailProfile& rail, const Profile& profile, const RunScatter& scatter) {
  const BudgetItems items = items_of(rail, profile);
  UncertaintyBudget budget;
  auto& all = budget.components;
  all.push_back(repetition(rail, profile, items));
  all.push_back(idle(rail, profile));
  all.push_back(between_runs(rail, scatter, all.front()));
  for (UncertaintyComponent& one :
       rail.calibration ? calibration_errors(rail, items) : sensor_errors(rail, items))
    all.push_back(std::move(one));
  all.push_back(not_assessed(Influence::temperature, rail, "the sensor's temperature is not read"));
  if (!rail.calibration)
    all.push_back(
        not_assessed(Influence::calibration, rail, "there was none: makers' largest errors are taken"));
  budget.withheld = reason_to_withhold(rail, budget);
  return budget;
}

// Root of the sum of squares of what `contribution` says; empty when something that must be known is not.
template <class Contribution>
std::optional<Joules> combine(const UncertaintyBudget& budget, const Contribution& contribution) {
  double squares = 0;
  for (const UncertaintyComponent& one : budget.components) {
    const std::optional<Joules> part = contribution(one);
    if (part)
      squares += part->value() * part->value();
    else if (must_be_known(one.influence) || one.not_assessed.empty())
      return std::nullopt;
  }
  return Joules{std::sqrt(squares)};
}

using Interval = Estimate<Joules>::Interval;

std::optional<Interval> around(Joules energy, const std::optional<Joules>& standard) {
  if (!standard || !std::isfinite(standard->value())) return std::nullopt;
  const Joules expanded = *standard * UncertaintyBudget::coverage;
  return Interval{energy - expanded, energy + expanded};
}

void set_absolute(RailProfile& rail, UncertaintyBudget budget) {
  rail.inference_absolute.reset();
  rail.net_absolute.reset();
  for (LayerEnergy& layer : rail.layers) layer.absolute.reset();
  for (JoinedLayers& joined : rail.joined) joined.absolute_half_width.reset();
  if (budget.withheld.empty()) {
    budget.inference = combine(budget, [](const UncertaintyComponent& one) { return one.inference; });
    rail.inference_absolute = around(rail.inference.value, budget.inference);
    if (rail.net) {
      budget.net = combine(budget, [](const UncertaintyComponent& one) { return one.net; });
      rail.net_absolute = around(rail.net->value, budget.net);
    }
    for (std::size_t l = 0; l < rail.layers.size(); ++l) {
      if (!rail.layers[l].energy) continue;
      rail.layers[l].absolute =
          around(rail.layers[l].energy->value,
                 combine(budget, [l](const UncertaintyComponent& one) { return one.layers[l]; }));
    }
    for (std::size_t j = 0; j < rail.joined.size(); ++j)
      if (const auto sum = combine(budget, [j](const UncertaintyComponent& one) { return one.joined[j]; }))
        rail.joined[j].absolute_half_width = *sum * UncertaintyBudget::coverage;
  }
  rail.uncertainty = std::move(budget);
}

}  // namespace

const InfluenceFacts& facts_of(Influence influence) {
  return influences[static_cast<std::size_t>(influence)];
}

Result<void> assess_uncertainty(Profile& profile, std::span<const Profile> others) {
  const auto scatters = scatter_between(profile, others);
  if (!scatters) return scatters.error();
  for (std::size_t r = 0; r < profile.rails.size(); ++r)
    set_absolute(profile.rails[r], budget_of(profile.rails[r], profile, (*scatters)[r]));
  return {};
}

}  // namespace layerwatt
