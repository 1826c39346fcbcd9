// SPDX-License-Identifier: Apache-2.0
// The sensor's equation, power = shunt voltage / shunt x bus voltage, and its derivatives;
// docs/uncertainty.md.
#include "attribution/sensor_errors.h"

#include <cmath>
#include <numbers>

namespace layerwatt {

namespace {

constexpr double rectangle = std::numbers::sqrt3;

// Reading = true x (1 + gains - tolerance) + offsets, to first order: P = shunt voltage / shunt x bus
// voltage.
struct Shunt {
  Ohms resistance;
  Volts bus;
};

// Known, and such that it can be divided by. A run file may come from anyone.
std::optional<Shunt> shunt_of(const Accuracy& accuracy) {
  const bool known = accuracy.shunt && accuracy.bus && *accuracy.shunt > Ohms{} && *accuracy.bus > Volts{};
  return known ? std::optional{Shunt{*accuracy.shunt, *accuracy.bus}} : std::nullopt;
}

template <class Sensitivity>
UncertaintyComponent largest_error(Influence influence, double limit, const BudgetItems& items,
                                   const Sensitivity& sensitivity) {
  const double standard = std::abs(limit) / rectangle;
  UncertaintyComponent made =
      component(influence, items, [&](const BudgetItem& item) -> std::optional<Joules> {
        return Joules{standard * std::abs(sensitivity(item))};
      });
  made.limit = std::abs(limit);
  made.divisor = rectangle;
  made.sensitivity = std::abs(sensitivity(items.inference));
  return made;
}

UncertaintyComponent relative_error(Influence influence, const std::optional<double>& limit,
                                    const RailProfile& rail, const BudgetItems& items) {
  if (!limit) return not_assessed(influence, rail, "no source gives it");
  return largest_error(influence, *limit, items, [](const BudgetItem& item) { return item.energy.value(); });
}

UncertaintyComponent shunt_offset(const RailProfile& rail, const BudgetItems& items) {
  const auto shunt = shunt_of(rail.accuracy);
  if (!rail.accuracy.shunt_offset) return not_assessed(Influence::shunt_offset, rail, "no source gives it");
  if (!shunt)
    return not_assessed(Influence::shunt_offset, rail, "shunt or voltage of the rail are not known");
  return largest_error(Influence::shunt_offset, rail.accuracy.shunt_offset->value(), items,
                       [&](const BudgetItem& item) {  // joules per volt: bus voltage / shunt x time
                         return (shunt->bus / shunt->resistance).value() * seconds(item.time);
                       });
}

UncertaintyComponent bus_offset(const RailProfile& rail, const BudgetItems& items) {
  const auto shunt = shunt_of(rail.accuracy);
  if (!rail.accuracy.bus_offset) return not_assessed(Influence::bus_offset, rail, "no source gives it");
  if (!shunt) return not_assessed(Influence::bus_offset, rail, "voltage of the rail is not known");
  return largest_error(Influence::bus_offset, rail.accuracy.bus_offset->value(), items,
                       [&](const BudgetItem& item) {  // joules per volt: mean current x time
                         return item.energy.value() / shunt->bus.value();
                       });
}

}  // namespace

std::vector<UncertaintyComponent> sensor_errors(const RailProfile& rail, const BudgetItems& items) {
  const Accuracy& accuracy = rail.accuracy;
  return {relative_error(Influence::shunt_gain, accuracy.shunt_gain, rail, items),
          relative_error(Influence::bus_gain, accuracy.bus_gain, rail, items),
          relative_error(Influence::shunt_tolerance, accuracy.shunt_tolerance, rail, items),
          shunt_offset(rail, items), bus_offset(rail, items)};
}

}  // namespace layerwatt
