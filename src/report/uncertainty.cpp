// SPDX-License-Identifier: Apache-2.0
// The uncertainty budget for people: what the absolute interval is made of, and both intervals of every
// layer. What the columns mean: docs/uncertainty.md.
#include <fmt/format.h>

#include <cmath>
#include <ostream>
#include <string_view>

#include "core/circumstances.h"
#include "report/quantity_format.h"
#include "report/report.h"
#include "report/text.h"
#include "report/text_table.h"

namespace layerwatt {

namespace {

constexpr int narrowest = 60;
constexpr double coverage = UncertaintyBudget::coverage;

std::string plus_minus(std::string_view what, const Style& style) {
  return fmt::format("{} {}", style.utf8 ? "±" : "+-", what);
}

std::string percent(double share) { return fmt::format("{:.{}f} %", share * 100, share < 0.0995 ? 2 : 0); }

// A limit or a standard uncertainty, in the unit of its influence.
std::string amount(double value, const InfluenceFacts& facts, const Style& style) {
  return std::string_view{facts.unit} == "1" ? fmt::format("{:.3g} %", value * 100)
                                             : quantity(value, facts.unit, style);
}

// Joules for each unit of the influence.
std::string sensitivity(double value, const InfluenceFacts& facts, const Style& style) {
  const std::string_view unit = facts.unit;
  if (unit == "J") return fmt::format("{:.3g}", value);
  return quantity(value, unit == "1" ? "J" : unit == "W" ? "J/W" : "J/V", style);
}

std::string joules_or_nothing(const std::optional<Joules>& energy, const Style& style) {
  return energy ? quantity(*energy, style) : "-";
}

TextRow row_of(const UncertaintyComponent& component, const RailProfile& rail, const Style& style) {
  const InfluenceFacts& facts = facts_of(component.influence);
  TextRow row;
  row.cells = {facts.name, std::string{facts.type} + (facts.common ? " *" : "")};
  if (!component.not_assessed.empty()) {
    row.remark = "not assessed: " + component.not_assessed;
    row.cells.resize(9);
    return row;
  }
  const auto& sum = rail.uncertainty.inference;
  const double part = sum && component.inference ? *component.inference / *sum : 0;
  for (const std::string& cell :
       {plus_minus(amount(component.limit, facts, style), style), std::string{facts.distribution},
        fmt::format("{:.3g}", component.divisor), amount(component.standard(), facts, style),
        sensitivity(component.sensitivity, facts, style), joules_or_nothing(component.inference, style),
        sum ? share(part * part, 1) : "-"})
    row.cells.push_back(cell);
  return row;
}

std::string budget_table(const RailProfile& rail, const Style& style) {
  TextTable table;
  table.columns = {{"influence"},
                   {"type"},
                   {"limit", true},
                   {"distribution", false, 4},
                   {"/", true, 3},
                   {"standard", true, 2},
                   {"sensitivity", true, 1},
                   {"energy", true},
                   {"of u" + std::string{style.utf8 ? "²" : "^2"}, true}};
  for (const UncertaintyComponent& component : rail.uncertainty.components)
    table.rows.push_back(row_of(component, rail, style));
  return text_table(table, style);
}

// Root of the sum of squares of some influences, relative to the layer's energy.
std::string relative(const RailProfile& rail, std::size_t layer,
                     std::initializer_list<Influence> influences) {
  double squares = 0;
  bool any = false;
  for (const UncertaintyComponent& component : rail.uncertainty.components)
    for (const Influence influence : influences) {
      if (component.influence != influence) continue;
      if (!component.layers[layer]) return "-";
      any = true;
      squares += std::pow(*component.layers[layer] / rail.layers[layer].energy->value, 2);
    }
  return any && std::isfinite(squares) ? percent(std::sqrt(squares)) : "-";
}

TextRow layer_row(const Profile& profile, const RailProfile& rail, std::size_t l, const Style& style) {
  const LayerEnergy& layer = rail.layers[l];
  TextRow row;
  row.cells = {printable(profile.layers[l].layer.name, style)};
  if (!layer.energy) {
    row.cells.resize(9, "-");
    return row;
  }
  const std::string interval = relative_interval(*layer.energy, style);
  const std::string absolute =
      relative_interval(Estimate<Joules>{layer.energy->value, layer.absolute}, style);
  for (const std::string& cell :
       {quantity(layer.energy->value, style), interval.empty() ? "-" : interval,
        relative(rail, l, {Influence::repetition}), relative(rail, l, {Influence::runs}),
        relative(
            rail, l,
            {Influence::shunt_gain, Influence::bus_gain, Influence::calibration_gain, Influence::meter_gain}),
        relative(rail, l, {Influence::shunt_tolerance}),
        relative(rail, l,
                 {Influence::shunt_offset, Influence::bus_offset, Influence::calibration_level,
                  Influence::meter_offset}),
        absolute.empty() ? "-" : absolute})
    row.cells.push_back(cell);
  return row;
}

std::string layers_table(const Profile& profile, const RailProfile& rail, const Style& style) {
  TextTable table;
  table.columns = {{"layer"},         {"energy", true},  {"relative", true}, {"repetition", true, 3},
                   {"runs", true, 3}, {"gain", true, 2}, {"shunt", true, 2}, {"offset", true, 2},
                   {"absolute", true}};
  for (std::size_t l = 0; l < profile.layers.size(); ++l)
    table.rows.push_back(layer_row(profile, rail, l, style));
  return text_table(table, style);
}

std::string sentence(const std::string& text, const Style& style) {
  return " " + wrapped(printable(text, style), static_cast<std::size_t>(style.columns) - 1, 1) + "\n";
}

std::string result_lines(const RailProfile& rail, const Style& style) {
  const UncertaintyBudget& budget = rail.uncertainty;
  const Joules energy = rail.inference.value;
  std::string text;
  if (const std::string interval = relative_interval(rail.inference, style); !interval.empty())
    text += sentence(fmt::format("relative: {}, or {}, 95 %: between layers and settings on this board",
                                 quantity(rail.inference, style), interval),
                     style);
  if (!budget.inference)
    return text + sentence("absolute: withheld; " + budget.withheld +
                               (!rail.calibration && rail.accuracy.shunt && !rail.accuracy.shunt_tolerance
                                    ? " (--shunt-tolerance 1% assumes one)"
                                    : ""),
                           style);
  const Estimate<Joules> absolute{energy, rail.inference_absolute};
  return text +
         sentence(fmt::format("absolute: {}, or {}: expanded, k = {:.0f}; combined standard uncertainty {}",
                              quantity(absolute, style), relative_interval(absolute, style), coverage,
                              quantity(*budget.inference, style)),
                  style);
}

std::string rail_text(const Profile& profile, const RailProfile& rail, const Style& style) {
  std::string title =
      fmt::format("One inference on {}: {} in {}", printable(rail.rail, style),
                  quantity(rail.inference.value, style), quantity(profile.inference_time, style));
  std::string text = " " + painted(Ink::strong, title, style);
  if (rail.origin != Origin::measured)
    text += ", " + painted(Ink::warning, rail.origin == Origin::simulated ? "SIMULATED" : "ESTIMATED", style);
  text += "\n" + budget_table(rail, style) + "\n" + result_lines(rail, style);
  text += sentence(
      "* one error for all layers of the rail: it adds up over them (r = 1) and, but for offsets, drops out "
      "when "
      "they are compared",
      style);
  if (const auto& known = rail.calibration)
    text += sentence(fmt::format("figures: calibration of {} against {}", known->made, known->meter), style);
  else if (!rail.accuracy.source.empty())
    text += sentence("figures: " + rail.accuracy.source, style);
  return text + "\n " + painted(Ink::strong, "Layers", style) +
         ", standard uncertainties between the intervals\n" + layers_table(profile, rail, style);
}

void write(const Profile& profile, const Style& wanted, std::ostream& out) {
  Style style = wanted;
  if (style.columns < narrowest) style.columns = narrowest;
  if (const std::string_view warning = warning_title(profile); !warning.empty())
    out << " " << painted(Ink::warning, warning, style) << "\n";
  const std::string name = model_name(profile.circumstances),
                    board = circumstance(profile.circumstances, "board");
  out << " " << painted(Ink::strong, printable(name.empty() ? "unnamed network" : name, style), style)
      << (board.empty() ? "" : " on " + printable(board, style)) << ": how sure its energies are\n";
  if (const std::string others = circumstance(profile.circumstances, "model.substitutions"); !others.empty())
    out << sentence("substituted: " + others, style);
  if (profile.rails.empty()) {
    out << "\n No rail was read while it ran: there are no energies.\n";
    return;
  }
  const std::size_t headline = headline_rail(profile);
  out << "\n" << rail_text(profile, profile.rails[headline], style);
  for (std::size_t r = 0; r < profile.rails.size(); ++r)
    if (r != headline && style.verbose) out << "\n" << rail_text(profile, profile.rails[r], style);
}

}  // namespace

extern const ReportDriver uncertainty_driver;
const ReportDriver uncertainty_driver{"uncertainty",
                                      "for people: the uncertainty budget, both intervals of layers", write};

}  // namespace layerwatt
