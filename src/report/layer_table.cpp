// SPDX-License-Identifier: Apache-2.0
// Columns give way in this order when the terminal is narrow: bar, type, name.
#include "report/layer_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "report/quantity_format.h"
#include "report/text.h"

namespace layerwatt {

namespace {

constexpr std::size_t time_columns = 8, power_columns = 7, energy_columns = 8, share_columns = 7;
constexpr std::size_t shortest_name = 18, longest_type = 12, shortest_bar = 6, good_bar = 12,
                      longest_bar = 24, between = 2;
constexpr std::size_t margin = 1;

// A row before it is laid out. Empty cells stay blank.
struct Row {
  std::string name, type, time, power, energy, interval, share;
  double length = 0;  // of the bar: 1 is the longest
  Ink ink = Ink::cool;
};

struct Widths {
  std::size_t name = 0, type = 0, interval = 0, bar = 0;
};

// What a bar stands for: energy, or time when no energy is known.
double size_of(const Profile& profile, const RailProfile* rail, std::size_t layer) {
  if (rail == nullptr) return seconds(profile.layers[layer].duration);
  const auto& energy = rail->layers[layer].energy;
  return energy ? energy->value.value() : 0;
}

// The fewest layers that make up half of everything the bars stand for, largest first.
std::vector<std::size_t> hot_layers(const Profile& profile, const RailProfile* rail) {
  std::vector<std::size_t> order(profile.layers.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto size = [&](std::size_t layer) { return std::max(0.0, size_of(profile, rail, layer)); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  const double all = std::accumulate(order.begin(), order.end(), 0.0,
                                     [&](double sum, std::size_t layer) { return sum + size(layer); });
  double sum = 0;
  std::size_t count = 0;
  while (count < order.size() && sum < all / 2) sum += size(order[count++]);
  order.resize(count);
  return order;
}

Row layer_row(const Profile& profile, const RailProfile* rail, std::size_t index, const Style& style) {
  const LayerProfile& layer = profile.layers[index];
  Row row;
  row.name = printable(layer.layer.name, style);
  row.type = elided(printable(layer.layer.type, style), longest_type, style);
  row.time = layer.runs > 0 ? quantity(layer.duration, style) : "-";
  if (rail == nullptr) {
    row.share = share(seconds(layer.duration), seconds(profile.inference_time));
    return row;
  }
  const LayerEnergy& energy = rail->layers[index];
  row.power = energy.power ? quantity(*energy.power, style) : "-";
  row.energy = energy.energy ? quantity(energy.energy->value, style) : "-";
  row.interval = energy.energy ? relative_interval(*energy.energy, style) : "";
  row.share = energy.energy ? share(energy.energy->value.value(), rail->inference.value.value()) : "-";
  return row;
}

std::vector<Row> layer_rows(const Profile& profile, const RailProfile* rail,
                            const std::vector<std::size_t>& hot, const Style& style) {
  std::vector<Row> rows;
  double largest = 0;
  for (std::size_t l = 0; l < profile.layers.size(); ++l)
    largest = std::max(largest, size_of(profile, rail, l));
  for (std::size_t l = 0; l < profile.layers.size(); ++l) {
    rows.push_back(layer_row(profile, rail, l, style));
    if (largest > 0) rows.back().length = size_of(profile, rail, l) / largest;
  }
  for (const std::size_t layer : hot) rows[layer].ink = Ink::hot;
  return rows;
}

std::vector<Row> sum_rows(const Profile& profile, const RailProfile* rail, const Style& style) {
  Row gaps, unexplained, whole;
  gaps.name = "gaps, load, unload";
  gaps.time = quantity(profile.load_time + profile.gap_time + profile.unload_time, style);
  whole.name = "inference";
  whole.time = quantity(profile.inference_time, style);
  if (rail == nullptr) return {gaps, whole};
  const double all = rail->inference.value.value();
  gaps.energy = quantity(rail->gaps, style);
  gaps.share = share(rail->gaps.value(), all);
  unexplained.name = "unexplained";
  unexplained.energy = quantity(rail->unexplained, style);
  unexplained.share = share(rail->unexplained.value(), all);
  whole.power = quantity(rail->mean_power, style);
  whole.energy = quantity(rail->inference.value, style);
  whole.interval = relative_interval(rail->inference, style);
  whole.share = share(all, all);
  return {gaps, unexplained, whole};
}

Widths widths_for(const std::vector<Row>& rows, const Style& style) {
  Widths wanted;
  for (const Row& row : rows) {
    wanted.name = std::max(wanted.name, width_of(row.name));
    wanted.type = std::max(wanted.type, width_of(row.type));
    wanted.interval = std::max(wanted.interval, width_of(row.interval));
  }
  wanted.type = std::max<std::size_t>(wanted.type, 4);
  const auto columns = static_cast<std::size_t>(std::max(style.columns, 1));
  std::size_t fixed = margin + time_columns + power_columns + energy_columns + share_columns + 4 * between;
  if (wanted.interval > 0) fixed += 1 + wanted.interval;
  std::size_t left_over = columns > fixed ? columns - fixed : 0;
  // With room for a name and nothing else, the name takes it all, even a little beyond the edge.
  if (left_over < shortest_name + between + wanted.type) wanted.type = 0;
  if (wanted.type > 0) left_over -= between + wanted.type;
  const std::size_t for_bar = between + good_bar;
  const std::size_t for_name = left_over > for_bar + shortest_name ? left_over - for_bar : left_over;
  wanted.name = std::clamp(wanted.name, std::min<std::size_t>(shortest_name, wanted.name),
                           std::max(shortest_name, for_name));
  const std::size_t rest = left_over > wanted.name + between ? left_over - wanted.name - between : 0;
  wanted.bar = rest >= shortest_bar ? std::min(rest, longest_bar) : 0;
  return wanted;
}

std::string cells(const Row& row, const Widths& widths, const Style& style) {
  const std::string space(between, ' ');
  std::string line(margin, ' ');
  line += left(short_name(row.name, widths.name, style), widths.name);
  if (widths.type > 0) line += space + left(row.type, widths.type);
  line += space + right(row.time, time_columns) + space + right(row.power, power_columns) + space +
          right(row.energy, energy_columns);
  if (widths.interval > 0) line += " " + left(row.interval, widths.interval);
  return line + space + right(row.share, share_columns);
}

std::string line_of(const Row& row, const Widths& widths, const Style& style) {
  std::string line = cells(row, widths, style);
  const std::string drawn = bar(row.length, widths.bar, style);
  if (!drawn.empty()) return line + std::string(between, ' ') + painted(row.ink, drawn, style) + "\n";
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string heading(const Profile& profile, const RailProfile* rail, const Style& style) {
  const std::string_view warning = warning_title(profile);
  std::string text =
      rail != nullptr ? "Where the energy goes: " + printable(rail->rail, style) : "Where the time goes";
  if (profile.stacked)
    text += fmt::format(", layers stacked from mean times, residual {}", name_of(*profile.stacked));
  text = " " + painted(Ink::strong, text, style);
  // The first word of the warning; the whole of it stands on top of the page.
  if (!warning.empty())
    text += ", " + painted(Ink::warning, warning.substr(0, warning.find_first_of(" ,:")), style);
  return text + "\n";
}

std::string hot_line(const Profile& profile, const RailProfile* rail, const std::vector<std::size_t>& hot,
                     const Style& style) {
  if (hot.empty() || profile.layers.size() < 4) return {};
  std::string names;
  for (const std::size_t layer : hot)
    names += (names.empty() ? "" : ", ") + printable(profile.layers[layer].layer.name, style);
  const std::string text =
      fmt::format("Half of the layers' {} is in {} of {}: {}.", rail != nullptr ? "energy" : "time",
                  hot.size(), profile.layers.size(), names);
  return " " + wrapped(text, static_cast<std::size_t>(style.columns) - margin, margin) + "\n";
}

std::string conservation_line(const RailProfile& rail, const Style& style) {
  Joules layers{};
  for (const LayerEnergy& layer : rail.layers)
    if (layer.energy) layers += layer.energy->value;
  const bool negative = rail.unexplained < Joules{};
  return fmt::format(" layers {} + gaps {} {} unexplained {} = {}\n", quantity(layers, style),
                     quantity(rail.gaps, style), negative ? "-" : "+",
                     quantity(negative ? -rail.unexplained : rail.unexplained, style),
                     quantity(rail.inference.value, style));
}

}  // namespace

std::string layer_table(const Profile& profile, const Style& style) {
  const RailProfile* rail = profile.rails.empty() ? nullptr : &profile.rails[headline_rail(profile)];
  const auto hot = hot_layers(profile, rail);
  Row head;
  head.name = "layer";
  head.type = "type";
  head.time = "time";
  head.power = rail != nullptr ? "power" : "";
  head.energy = rail != nullptr ? "energy" : "";
  head.share = "share";
  const auto layers = layer_rows(profile, rail, hot, style);
  const auto sums = sum_rows(profile, rail, style);
  std::vector<Row> all = layers;
  all.insert(all.end(), sums.begin(), sums.end());
  const Widths widths = widths_for(all, style);
  std::string text =
      heading(profile, rail, style) + painted(Ink::faint, cells(head, widths, style), style) + "\n";
  for (const Row& row : layers) text += line_of(row, widths, style);
  const std::size_t rule = width_of(cells(head, widths, style)) - margin;
  std::string line;
  for (std::size_t i = 0; i < rule; ++i) line += style.utf8 ? "─" : "-";
  text += " " + painted(Ink::faint, line, style) + "\n";
  for (const Row& row : sums) text += line_of(row, widths, style);
  text += "\n";
  if (rail != nullptr) text += conservation_line(*rail, style);
  return text + hot_line(profile, rail, hot, style);
}

}  // namespace layerwatt
