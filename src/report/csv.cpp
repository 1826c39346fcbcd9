// SPDX-License-Identifier: Apache-2.0
// Tidy CSV (RFC 4180): one row a layer and rail, units in the headers, empty cells for what is not known.
#include <fmt/format.h>

#include <ostream>
#include <string>

#include "attribution/alone.h"
#include "core/circumstances.h"
#include "report/csv_cells.h"
#include "report/report.h"

namespace layerwatt {

namespace {

using csv::count;
using csv::ends;
using csv::number;
using csv::per_input_cells;
using csv::quoted;

std::string layer_cells(std::size_t index, const LayerProfile& layer) {
  return fmt::format("{},{},{},{},{},{},{},{},{}", index, quoted(layer.layer.name), quoted(layer.layer.type),
                     quoted(layer.layer.module), layer.runs, count(layer.layer.macs),
                     count(layer.layer.parameters), count(layer.layer.bytes),
                     number(seconds(layer.duration)));
}

std::string rail_cells(const RailProfile& rail, const LayerEnergy& layer) {
  std::optional<Joules> energy;
  std::optional<Estimate<Joules>::Interval> relative;
  if (layer.energy) {
    energy = layer.energy->value;
    relative = layer.energy->interval;
  }
  return fmt::format("{},{},{},{},{},{},{},{},{}", quoted(rail.rail), name_of(rail.origin),
                     rail.is_total ? 1 : 0, number(energy), ends(relative), ends(layer.absolute),
                     number(layer.net), number(layer.power), layer.readings);
}

// What the layer counts as, and of the network, on every row: a part is no whole, and operators that stand
// for others are not those.
std::string network_cells(const Profile& profile, std::size_t layer) {
  const bool reformat = is_reformat(profile.layers[layer].layer);
  return fmt::format("{},{},{},{}", reformat ? "reformat" : "layer", quoted(profile.layers[layer].group),
                     quoted(circumstance(profile.circumstances, "model.part")),
                     quoted(circumstance(profile.circumstances, "model.substitutions")));
}

void write(const Profile& profile, const Style&, std::ostream& out) {
  out << "layer_index,layer,type,module,runs,macs,parameters,bytes,duration_s,"
         "rail,origin,is_total,energy_j,energy_low_j,energy_high_j,energy_absolute_low_j,"
         "energy_absolute_high_j,net_energy_j,power_w,readings,role,group,part,substitutions,"
      << csv::per_input_columns << "\n";
  for (std::size_t l = 0; l < profile.layers.size(); ++l) {
    const std::string layer = layer_cells(l, profile.layers[l]);
    const std::string network = network_cells(profile, l);
    if (profile.rails.empty())
      out << layer << ",,,,,,,,,,,," << network << "," << per_input_cells(profile, nullptr, l) << "\n";
    for (const RailProfile& rail : profile.rails)
      out << layer << "," << rail_cells(rail, rail.layers[l]) << "," << network << ","
          << per_input_cells(profile, &rail, l) << "\n";
  }
}

}  // namespace

extern const ReportDriver csv_driver;
const ReportDriver csv_driver{"csv", "tidy table: one row a layer and rail", write};

}  // namespace layerwatt
