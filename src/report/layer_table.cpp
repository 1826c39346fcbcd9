// SPDX-License-Identifier: Apache-2.0
// Rows for layers and sums, and two sentences below.
#include "report/layer_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "attribution/statistics.h"
#include "report/bar_table.h"
#include "report/quantity_format.h"
#include "report/text.h"

namespace layerwatt {

namespace {

constexpr std::size_t most_names = 6;  // of hot layers

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

BarRow layer_row(const Profile& profile, const RailProfile* rail, std::size_t index, const Style& style) {
  const LayerProfile& layer = profile.layers[index];
  BarRow row;
  row.name = printable(layer.layer.name, style);
  row.type = printable(layer.layer.type, style);
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

// A brace in place of the intervals of layers of which only the sum is known well, with that of the sum at
// its end. Groups of layers that do not stand one below the other have none; notes and other formats tell of
// all.
void brace_joined(const RailProfile& rail, const Style& style, std::vector<BarRow>& rows) {
  for (const JoinedLayers& group : rail.joined) {
    if (group.layers.size() < 2) continue;
    const std::size_t first = group.layers.front(), last = group.layers.back();
    if (last - first + 1 != group.layers.size()) continue;
    for (std::size_t l = first; l <= last; ++l) {
      const char* ascii = l == first ? "\\" : l == last ? "/" : "|";
      const char* utf8 = l == first ? "┐" : l == last ? "┘" : "│";
      rows[l].interval = style.utf8 ? utf8 : ascii;
    }
    const auto sum = estimate_with(group.energy, std::optional{group.half_width});
    rows[last].interval += " " + relative_interval(sum, style);
  }
}

std::vector<BarRow> layer_rows(const Profile& profile, const RailProfile* rail,
                               const std::vector<std::size_t>& hot, const Style& style) {
  std::vector<BarRow> rows;
  double largest = 0;
  for (std::size_t l = 0; l < profile.layers.size(); ++l)
    largest = std::max(largest, size_of(profile, rail, l));
  for (std::size_t l = 0; l < profile.layers.size(); ++l) {
    rows.push_back(layer_row(profile, rail, l, style));
    if (largest > 0) rows.back().length = size_of(profile, rail, l) / largest;
  }
  for (const std::size_t layer : hot) rows[layer].ink = Ink::hot;
  if (rail != nullptr) brace_joined(*rail, style, rows);
  return rows;
}

// Of a fused layer: a part of its energy for each source, by MACs, or why there are no parts.
std::vector<BarRow> source_rows(const Profile& profile, const RailProfile* rail, std::size_t index,
                                const Style& style) {
  const Layer& layer = profile.layers[index].layer;
  if (layer.sources.size() < 2) return {};
  const auto& macs = layer.source_macs;
  const bool known = macs.size() == layer.sources.size() &&
                     std::all_of(macs.begin(), macs.end(), [](std::int64_t count) { return count >= 0; });
  const double all = std::accumulate(macs.begin(), macs.end(), 0.0);
  std::vector<BarRow> rows;
  if (!known || all == 0) {
    BarRow& row = rows.emplace_back();
    row.name = "  not divided";
    row.type = known ? "no MACs" : "MACs unknown";
    return rows;
  }
  for (std::size_t s = 0; s < macs.size(); ++s) {
    const double part = static_cast<double>(macs[s]) / all;
    BarRow& row = rows.emplace_back();
    row.name = "  " + printable(layer.sources[s], style);
    row.type = "by MACs";
    if (rail == nullptr || !rail->layers[index].energy) continue;
    const Joules energy = rail->layers[index].energy->value * part;
    row.energy = quantity(energy, style);
    row.share = share(energy.value(), rail->inference.value.value());
  }
  return rows;
}

std::vector<BarRow> with_sources(const std::vector<BarRow>& layers, const Profile& profile,
                                 const RailProfile* rail, const Style& style) {
  std::vector<BarRow> rows;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    rows.push_back(layers[l]);
    for (BarRow& source : source_rows(profile, rail, l, style)) rows.push_back(std::move(source));
  }
  return rows;
}

// What is left of a split that explains everything is the rounding of doubles: shown as nothing.
Joules unexplained_by(const RailProfile& rail) {
  constexpr double rounding = 1e-12;
  const double share_left = std::abs(rail.unexplained / rail.inference.value);
  return share_left < rounding ? Joules{} : rail.unexplained;
}

std::vector<BarRow> sum_rows(const Profile& profile, const RailProfile* rail, const Style& style) {
  BarRow gaps, unexplained, whole;
  gaps.name = "gaps, load, unload";
  gaps.time = quantity(profile.load_time + profile.gap_time + profile.unload_time, style);
  whole.name = "inference";
  whole.time = quantity(profile.inference_time, style);
  if (rail == nullptr) return {gaps, whole};
  const double all = rail->inference.value.value();
  gaps.energy = quantity(rail->gaps, style);
  gaps.share = share(rail->gaps.value(), all);
  unexplained.name = "unexplained";
  unexplained.energy = quantity(unexplained_by(*rail), style);
  unexplained.share = share(unexplained_by(*rail).value(), all);
  whole.power = quantity(rail->mean_power, style);
  whole.energy = quantity(rail->inference.value, style);
  whole.interval = relative_interval(rail->inference, style);
  whole.share = share(all, all);
  return {gaps, unexplained, whole};
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
  for (std::size_t i = 0; i < std::min(hot.size(), most_names); ++i)
    names += (i == 0 ? "" : ", ") + printable(profile.layers[hot[i]].layer.name, style);
  if (hot.size() > most_names) names += fmt::format(" and {} more", hot.size() - most_names);
  const std::string text =
      fmt::format("Half of the layers' {} is in {} of {}: {}.", rail != nullptr ? "energy" : "time",
                  hot.size(), profile.layers.size(), names);
  return " " + wrapped(text, static_cast<std::size_t>(style.columns) - 1, 1) + "\n";
}

// Which of the two intervals stands behind the energies.
std::string interval_line(const RailProfile& rail, const Style& style) {
  const bool any = rail.inference.interval ||
                   std::any_of(rail.layers.begin(), rail.layers.end(), [](const LayerEnergy& layer) {
                     return layer.energy && layer.energy->interval;
                   });
  if (!any) return {};
  std::string text = fmt::format(
      "{} is the relative 95 % interval, for comparing layers; the absolute one: show --uncertainty.",
      style.utf8 ? "±" : "+-");
  if (!rail.joined.empty())
    text += " Of layers in a brace only the sum is known well: the interval at its end is that of the sum.";
  return " " + wrapped(text, static_cast<std::size_t>(style.columns) - 1, 1) + "\n";
}

std::string conservation_line(const RailProfile& rail, const Style& style) {
  Joules layers{};
  for (const LayerEnergy& layer : rail.layers)
    if (layer.energy) layers += layer.energy->value;
  const Joules unexplained = unexplained_by(rail);
  const bool negative = unexplained < Joules{};
  return fmt::format(" layers {} + gaps {} {} unexplained {} = {}\n", quantity(layers, style),
                     quantity(rail.gaps, style), negative ? "-" : "+",
                     quantity(negative ? -unexplained : unexplained, style),
                     quantity(rail.inference.value, style));
}

}  // namespace

std::string layer_table(const Profile& profile, const Style& style) {
  const RailProfile* rail = profile.rails.empty() ? nullptr : &profile.rails[headline_rail(profile)];
  const auto hot = hot_layers(profile, rail);
  BarRow head;
  head.name = "layer";
  head.type = "type";
  head.time = "time";
  head.power = rail != nullptr ? "power" : "";
  head.energy = rail != nullptr ? "energy" : "";
  head.share = "share";
  std::vector<BarRow> rows = layer_rows(profile, rail, hot, style);
  if (style.split_fused) rows = with_sources(rows, profile, rail, style);
  std::string text =
      heading(profile, rail, style) + bar_table(head, rows, sum_rows(profile, rail, style), style) + "\n";
  if (style.split_fused)
    text += " By MACs: a fused layer's energy, divided. NOT MEASURED; a kernel tells nothing of its parts.\n";
  if (rail != nullptr) text += interval_line(*rail, style) + conservation_line(*rail, style);
  return text + hot_line(profile, rail, hot, style);
}

}  // namespace layerwatt
