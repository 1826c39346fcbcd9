// SPDX-License-Identifier: Apache-2.0
// Tidy CSV (RFC 4180): one row a layer and rail, units in the headers, empty cells for what is not known.
#include <fmt/format.h>

#include <ostream>
#include <string>
#include <string_view>

#include "report/csv_text.h"
#include "report/report.h"

namespace layerwatt {

namespace {

// Shortest text that reads back as the same double.
std::string number(double value) { return fmt::format("{}", value); }

template <class Unit>
std::string number(const std::optional<Unit>& value) {
  return value ? number(value->value()) : std::string{};
}

std::string count(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : std::string{};
}

std::string layer_cells(std::size_t index, const LayerProfile& layer) {
  return fmt::format("{},{},{},{},{},{},{},{},{}", index, csv_quoted(layer.layer.name),
                     csv_quoted(layer.layer.type), csv_quoted(layer.layer.module), layer.runs,
                     count(layer.layer.macs), count(layer.layer.parameters), count(layer.layer.bytes),
                     number(seconds(layer.duration)));
}

// "low,high", or just the comma.
std::string ends(const std::optional<Estimate<Joules>::Interval>& interval) {
  if (!interval) return ",";
  return number(interval->low.value()) + "," + number(interval->high.value());
}

std::string rail_cells(const RailProfile& rail, const LayerEnergy& layer) {
  std::optional<Joules> energy;
  std::optional<Estimate<Joules>::Interval> relative;
  if (layer.energy) {
    energy = layer.energy->value;
    relative = layer.energy->interval;
  }
  return fmt::format("{},{},{},{},{},{},{},{},{}", csv_quoted(rail.rail), name_of(rail.origin),
                     rail.is_total ? 1 : 0, number(energy), ends(relative), ends(layer.absolute),
                     number(layer.net), number(layer.power), layer.readings);
}

void write(const Profile& profile, const Style&, std::ostream& out) {
  out << "layer_index,layer,type,module,runs,macs,parameters,bytes,duration_s,"
         "rail,origin,is_total,energy_j,energy_low_j,energy_high_j,energy_absolute_low_j,"
         "energy_absolute_high_j,net_energy_j,power_w,readings\n";
  for (std::size_t l = 0; l < profile.layers.size(); ++l) {
    const std::string layer = layer_cells(l, profile.layers[l]);
    if (profile.rails.empty()) out << layer << ",,,,,,,,,,,\n";
    for (const RailProfile& rail : profile.rails)
      out << layer << "," << rail_cells(rail, rail.layers[l]) << "\n";
  }
}

}  // namespace

extern const ReportDriver csv_driver;
const ReportDriver csv_driver{"csv", "tidy table: one row a layer and rail", write};

}  // namespace layerwatt
