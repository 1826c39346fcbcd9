// SPDX-License-Identifier: Apache-2.0
// Every component with all that it takes to add it up again.
#include "report/uncertainty_json.h"

#include "report/json_values.h"

namespace layerwatt {

namespace {

Json json_of(const UncertaintyComponent& component) {
  const InfluenceFacts& facts = facts_of(component.influence);
  const bool assessed = component.not_assessed.empty();
  Json json{{"influence", facts.key},
            {"type", std::string{facts.type}},
            {"common", facts.common},
            {"not_assessed", or_null(component.not_assessed)},
            {"unit", facts.unit},
            {"limit", assessed ? Json(component.limit) : Json{}},
            {"distribution", assessed ? Json(facts.distribution) : Json{}},
            {"divisor", assessed ? Json(component.divisor) : Json{}},
            {"standard", assessed ? Json(component.standard()) : Json{}},
            {"sensitivity", assessed ? Json(component.sensitivity) : Json{}},
            {"inference_j", or_null(component.inference)},
            {"net_j", or_null(component.net)},
            {"layers_j", Json::array()}};
  for (const auto& layer : component.layers) json["layers_j"].push_back(or_null(layer));
  return json;
}

}  // namespace

Json json_of(const Accuracy& accuracy) {
  return {{"shunt_gain", or_null(accuracy.shunt_gain)},
          {"bus_gain", or_null(accuracy.bus_gain)},
          {"shunt_offset_v", or_null(accuracy.shunt_offset)},
          {"bus_offset_v", or_null(accuracy.bus_offset)},
          {"shunt_ohm", or_null(accuracy.shunt)},
          {"shunt_tolerance", or_null(accuracy.shunt_tolerance)},
          {"bus_v", or_null(accuracy.bus)},
          {"source", or_null(accuracy.source)}};
}

Json json_of(const UncertaintyBudget& budget) {
  Json json{{"coverage_factor", UncertaintyBudget::coverage},
            {"withheld", or_null(budget.withheld)},
            {"combined_j", or_null(budget.inference)},
            {"net_combined_j", or_null(budget.net)},
            {"components", Json::array()}};
  for (const UncertaintyComponent& component : budget.components)
    json["components"].push_back(json_of(component));
  return json;
}

Json json_of(const JoinedLayers& joined) {
  const Joules energy = joined.energy, relative = joined.half_width;
  const auto& absolute = joined.absolute_half_width;
  return {{"layers", joined.layers},
          {"energy_j", energy.value()},
          {"energy_low_j", (energy - relative).value()},
          {"energy_high_j", (energy + relative).value()},
          {"energy_absolute_low_j", absolute ? Json((energy - *absolute).value()) : Json{}},
          {"energy_absolute_high_j", absolute ? Json((energy + *absolute).value()) : Json{}},
          {"always_together", joined.always_together},
          {"more_time_s", joined.more_time ? Json(seconds(*joined.more_time)) : Json{}}};
}

Json json_of(const RailCalibration& known) {
  const auto& accuracy = known.meter_accuracy;
  return {{"gain", known.gain},
          {"gain_half_width", known.gain_half_width},
          {"at_w", known.at.value()},
          {"reads_w", known.reads.value()},
          {"reads_half_width_w", known.reads_half_width.value()},
          {"from_w", known.from.value()},
          {"to_w", known.to.value()},
          {"meter_gain", accuracy ? Json(accuracy->gain) : Json{}},
          {"meter_offset_w", accuracy ? Json(accuracy->offset.value()) : Json{}},
          {"meter", known.meter},
          {"made", known.made}};
}

Json json_of(const SupplyLoss& loss) {
  return {{"idle_w", loss.idle.value()},
          {"idle_half_width_w", loss.idle_half_width.value()},
          {"loaded_w", loss.loaded.value()},
          {"loaded_half_width_w", loss.loaded_half_width.value()},
          {"idle_supply_w", loss.idle_supply.value()},
          {"loaded_supply_w", loss.loaded_supply.value()},
          {"meter", loss.meter},
          {"made", loss.made}};
}

}  // namespace layerwatt
