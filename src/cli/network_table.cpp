// SPDX-License-Identifier: Apache-2.0
// See network_table.h.
#include "cli/network_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "report/csv_cells.h"
#include "report/text.h"
#include "report/text_table.h"

namespace layerwatt {

namespace {

std::string joined_by_x(const std::vector<std::int64_t>& values) {
  std::string text;
  for (const std::int64_t value : values)
    text += (text.empty() ? "" : "x") + (value < 0 ? std::string{"?"} : std::to_string(value));
  return text;
}

// The first, and how many more there are.
std::string first_of(const std::vector<Shape>& shapes) {
  if (shapes.empty()) return "";
  return joined_by_x(shapes.front()) + (shapes.size() > 1 ? fmt::format(" +{}", shapes.size() - 1) : "");
}

// MACs for each byte moved, every tensor moved once.
std::optional<double> intensity_of(const Layer& layer) {
  if (!layer.macs || !layer.bytes || *layer.bytes == 0) return std::nullopt;
  return static_cast<double>(*layer.macs) / static_cast<double>(*layer.bytes);
}

std::string element_type_of(const Network& network, std::size_t layer) {
  return layer < network.element_types.size() ? network.element_types[layer] : "";
}

struct Sums {
  std::int64_t macs = 0, parameters = 0;
  bool all_known = true;
};

Sums sums_of(const Network& network) {
  Sums sums;
  for (const Layer& layer : network.layers) {
    sums.macs += layer.macs.value_or(0);
    sums.parameters += layer.parameters.value_or(0);
    sums.all_known = sums.all_known && layer.macs && layer.parameters;
  }
  return sums;
}

}  // namespace

std::string scaled_count(const std::optional<std::int64_t>& count) {
  if (!count) return "?";
  const auto value = static_cast<double>(*count);
  if (value >= 1e9) return fmt::format("{:.2f} G", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.2f} M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:.1f} k", value / 1e3);
  return fmt::format("{}", *count);
}

void print_network(const Network& network, const Style& style, std::ostream& out) {
  out << fmt::format("{}: {} layer{}, opset {}{}\n", printable(network.name, style), network.layers.size(),
                     network.layers.size() == 1 ? "" : "s", network.opset,
                     network.random_weights ? ", RANDOM weights" : "");
  TextTable table;
  const bool has_modules = std::any_of(network.layers.begin(), network.layers.end(),
                                       [](const Layer& layer) { return !layer.module.empty(); });
  table.columns = {
      {"layer"},           {"type"},          {"kernel", true, 3}, {"stride", true, 7}, {"input", true, 8},
      {"output", true, 2}, {"MACs", true, 0}, {"params", true, 1}, {"bytes", true, 6},  {"MACs/B", true, 4},
      {"in", false, 9}};
  if (has_modules) table.columns.push_back({"module", false, 5});
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const auto intensity = intensity_of(layer);
    table.rows.push_back(
        {{printable(layer.name, style), printable(layer.type, style), joined_by_x(layer.kernel),
          joined_by_x(layer.stride), first_of(layer.inputs), first_of(layer.outputs),
          scaled_count(layer.macs), scaled_count(layer.parameters), scaled_count(layer.bytes),
          intensity ? fmt::format("{:.1f}", *intensity) : "?", element_type_of(network, i)},
         ""});
    if (has_modules) table.rows.back().cells.push_back(printable(layer.module, style));
  }
  out << text_table(table, style);
  const Sums sums = sums_of(network);
  out << fmt::format("total: {}{} MACs, {} parameters\n", sums.all_known ? "" : "at least ",
                     scaled_count(sums.macs), scaled_count(sums.parameters));
  if (!network.part.empty()) out << "part of a network: " << printable(network.part, style) << "\n";
  for (const std::string& sentence : network.substitutions)
    out << "substituted: " << printable(sentence, style) << "\n";
  for (const std::string& sentence : network.not_inferred)
    out << "not known: " << printable(sentence, style) << "\n";
}

void write_network_csv(const Network& network, std::ostream& out) {
  out << "layer_index,layer,type,module,element_type,kernel,stride,groups,input,output,macs,parameters,bytes,"
         "macs_per_byte\n";
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const auto intensity = intensity_of(layer);
    const auto count = [](const std::optional<std::int64_t>& value) {
      return value ? std::to_string(*value) : std::string{};
    };
    const auto shapes = [](const std::vector<Shape>& all) {
      std::string text;
      for (const Shape& shape : all) text += (text.empty() ? "" : ";") + joined_by_x(shape);
      return text;
    };
    out << fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", i, csv::quoted(layer.name),
                       csv::quoted(layer.type), csv::quoted(layer.module), element_type_of(network, i),
                       joined_by_x(layer.kernel), joined_by_x(layer.stride), count(layer.groups),
                       shapes(layer.inputs), shapes(layer.outputs), count(layer.macs),
                       count(layer.parameters), count(layer.bytes),
                       intensity ? fmt::format("{:.6g}", *intensity) : "");
  }
}

}  // namespace layerwatt
