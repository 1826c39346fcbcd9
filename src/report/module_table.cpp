// SPDX-License-Identifier: Apache-2.0
// Sums over neighbours of one module. Without intervals: errors of neighbouring layers are correlated, and
// how much is not part of a profile.
#include "report/module_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "report/bar_table.h"
#include "report/quantity_format.h"
#include "report/text.h"

namespace layerwatt {

namespace {

constexpr const char* by_default = "module";  // shown where it tells something
constexpr std::size_t fewest_modules = 2;
constexpr double fewest_layers_each = 1.5;  // on average

struct Module {
  std::string name;
  std::size_t layers = 0, unread = 0;
  Nanoseconds time{};
  Joules energy{};
};

// In order of first appearance; a layer without a module is one of its own.
std::vector<Module> modules_of(const Profile& profile, const RailProfile& rail) {
  std::vector<Module> modules;
  for (std::size_t l = 0; l < profile.layers.size(); ++l) {
    const LayerProfile& layer = profile.layers[l];
    const std::string& group = profile.roll_up == by_default ? layer.layer.module : layer.group;
    const std::string& name = group.empty() ? layer.layer.name : group;
    auto found = std::find_if(modules.begin(), modules.end(),
                              [&](const Module& module) { return module.name == name; });
    if (found == modules.end()) found = modules.insert(modules.end(), Module{name, 0, 0, {}, {}});
    ++found->layers;
    found->time += profile.layers[l].duration;
    if (rail.layers[l].energy)
      found->energy += rail.layers[l].energy->value;
    else
      ++found->unread;
  }
  return modules;
}

// Of a module's sum, or of the only layer of one without a name.
std::string interval_of(const Module& module, const Profile& profile, const RailProfile& rail,
                        const Style& style) {
  const auto sum = std::find_if(rail.modules.begin(), rail.modules.end(),
                                [&](const ModuleEnergy& one) { return one.name == module.name; });
  if (sum != rail.modules.end()) return sum->energy ? relative_interval(*sum->energy, style) : std::string{};
  for (std::size_t l = 0; module.layers == 1 && l < profile.layers.size(); ++l)
    if (profile.layers[l].layer.name == module.name && rail.layers[l].energy)
      return relative_interval(*rail.layers[l].energy, style);
  return {};
}

BarRow row_of(const Module& module, const Profile& profile, const RailProfile& rail, Joules largest,
              const Style& style) {
  BarRow row;
  row.name = printable(module.name, style);
  row.type = fmt::format("{} layer{}", module.layers, module.layers == 1 ? "" : "s");
  row.time = quantity(module.time, style);
  row.energy = row.power = row.share = "-";
  if (module.unread == module.layers) return row;
  row.energy = quantity(module.energy, style);
  row.share = share(module.energy.value(), rail.inference.value.value());
  row.interval = module.unread > 0 ? fmt::format("({} not read)", module.unread)
                                   : interval_of(module, profile, rail, style);
  if (module.unread == 0 && module.time > Nanoseconds{0})
    row.power = quantity(module.energy / module.time, style);
  if (largest > Joules{}) row.length = module.energy / largest;
  return row;
}

}  // namespace

std::string module_table(const Profile& profile, const Style& style) {
  if (profile.rails.empty()) return {};
  const RailProfile& rail = profile.rails[headline_rail(profile)];
  const auto modules = modules_of(profile, rail);
  const auto layers = static_cast<double>(profile.layers.size());
  const bool asked_for = profile.roll_up != by_default;
  if (!asked_for &&
      (modules.size() < fewest_modules || layers < fewest_layers_each * static_cast<double>(modules.size())))
    return {};
  Joules largest{};
  for (const Module& module : modules) largest = std::max(largest, module.energy);
  std::vector<BarRow> rows;
  for (const Module& module : modules) rows.push_back(row_of(module, profile, rail, largest, style));
  BarRow head;
  const bool named = !asked_for || profile.roll_up == "type" || profile.roll_up == "implementation";
  head.name = named ? profile.roll_up : "group";
  head.type = "of";
  head.time = "time";
  head.power = "power";
  head.energy = "energy";
  head.share = "share";
  return bar_table(head, rows, {}, style);
}

}  // namespace layerwatt
