// SPDX-License-Identifier: Apache-2.0
// The measurement base for models of energy: a row a layer and run, with what it computes, under which
// settings, and what it took. Columns: docs/features.md. The rail is the one that heads the report.
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
using csv::quoted;

bool has_column(const Setting& setting) { return *setting.column != 0; }

std::string joined(const Shape& shape) {
  std::string text;
  for (const std::int64_t extent : shape)
    text += (text.empty() ? "" : "x") + (extent < 0 ? "?" : std::to_string(extent));
  return text;
}

// The number at `index`; empty where there is none or it is not known.
std::string element(const Shape& shape, std::size_t index) {
  return index < shape.size() && shape[index] >= 0 ? std::to_string(shape[index]) : std::string{};
}

// Channels, height, width: of values in the order N, C, H, W; of others only the channels.
std::string extents(const std::vector<Shape>& shapes) {
  if (shapes.empty()) return ",,,";
  const Shape& shape = shapes.front();
  const bool picture = shape.size() == 4;
  return fmt::format("{},{},{},{}", joined(shape), element(shape, 1), picture ? element(shape, 2) : "",
                     picture ? element(shape, 3) : "");
}

std::string of_layer(std::size_t index, const Layer& layer) {
  std::string intensity;
  if (layer.macs && layer.bytes && *layer.bytes > 0)
    intensity = number(static_cast<double>(*layer.macs) / static_cast<double>(*layer.bytes));
  const std::string batch = layer.outputs.empty() ? "" : element(layer.outputs.front(), 0);
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}", index, quoted(layer.name),
                     is_reformat(layer) ? "reformat" : "layer", quoted(layer.type), quoted(layer.module),
                     quoted(layer.implementation), layer.sources.size(), batch, extents(layer.inputs),
                     extents(layer.outputs), element(layer.kernel, 0), element(layer.kernel, 1),
                     element(layer.stride, 0), element(layer.stride, 1), count(layer.groups),
                     count(layer.macs), count(layer.parameters), count(layer.bytes), intensity);
}

std::string of_result(const Profile& profile, std::size_t l) {
  const LayerProfile& layer = profile.layers[l];
  const std::string time = fmt::format("{},{}", number(seconds(layer.duration)), layer.runs);
  if (profile.rails.empty()) return time + ",,,,,,,,,,," + csv::per_input_cells(profile, nullptr, l);
  const RailProfile& rail = profile.rails[headline_rail(profile)];
  const LayerEnergy& energy = rail.layers[l];
  std::optional<Joules> value;
  std::optional<Estimate<Joules>::Interval> relative;
  if (energy.energy) {
    value = energy.energy->value;
    relative = energy.energy->interval;
  }
  std::optional<Watts> idle;
  if (rail.idle) idle = rail.idle->value;
  return fmt::format("{},{},{},{},{},{},{},{},{},{}", time, quoted(rail.rail), name_of(rail.origin),
                     number(energy.power), number(value), ends(relative), ends(energy.absolute),
                     number(energy.net), number(idle), csv::per_input_cells(profile, &rail, l));
}

void write(const Profile& profile, const Style& style, std::ostream& out) {
  if (!style.continued) {
    out << "network";
    for (const Setting& setting : run_settings())
      if (has_column(setting)) out << "," << setting.column;
    out << ",layer_index,layer,role,type,module,implementation,source_layers,batch,input_shape,input_"
           "channels,"
           "input_height,"
           "input_width,output_shape,output_channels,output_height,output_width,kernel_height,kernel_width,"
           "stride_height,stride_width,groups,macs,parameters,bytes,macs_per_byte,duration_s,runs,rail,"
           "origin,power_w,"
           "energy_j,energy_low_j,energy_high_j,energy_absolute_low_j,energy_absolute_high_j,net_energy_j,"
           "idle_power_w,"
        << csv::per_input_columns << "\n";
  }
  std::string run = quoted(model_name(profile.circumstances));
  for (const Setting& setting : run_settings())
    if (has_column(setting)) run += "," + quoted(circumstance(profile.circumstances, setting.key));
  for (std::size_t l = 0; l < profile.layers.size(); ++l)
    out << run << "," << of_layer(l, profile.layers[l].layer) << "," << of_result(profile, l) << "\n";
}

}  // namespace

extern const ReportDriver features_driver;
const ReportDriver features_driver{"features",
                                   "a row a layer with its shapes and settings, for models of energy", write};

}  // namespace layerwatt
