// SPDX-License-Identifier: Apache-2.0
// Columns give way in this order when the terminal is narrow: bar, type, name.
#include "report/bar_table.h"

#include <algorithm>

#include "report/text.h"

namespace layerwatt {

namespace {

constexpr std::size_t time_columns = 8, power_columns = 7, energy_columns = 8, share_columns = 7;
constexpr std::size_t shortest_name = 18, longest_type = 12, shortest_bar = 6, good_bar = 12,
                      longest_bar = 24;

struct Widths {
  std::size_t name = 0, type = 0, interval = 0, bar = 0;
};

Widths widths_for(const std::vector<BarRow>& rows, const Style& style) {
  Widths wanted;
  for (const BarRow& row : rows) {
    wanted.name = std::max(wanted.name, width_of(row.name));
    wanted.type = std::max(wanted.type, std::min(longest_type, width_of(row.type)));
    wanted.interval = std::max(wanted.interval, width_of(row.interval));
  }
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

std::string cells(const BarRow& row, const Widths& widths, const Style& style) {
  const std::string space(between, ' ');
  std::string line(margin, ' ');
  line += left(short_name(row.name, widths.name, style), widths.name);
  if (widths.type > 0) line += space + left(elided(row.type, widths.type, style), widths.type);
  line += space + right(row.time, time_columns) + space + right(row.power, power_columns) + space +
          right(row.energy, energy_columns);
  if (widths.interval > 0) line += " " + left(row.interval, widths.interval);
  return line + space + right(row.share, share_columns);
}

std::string line_of(const BarRow& row, const Widths& widths, const Style& style) {
  std::string line = cells(row, widths, style);
  const std::string drawn = bar(row.length, widths.bar, style);
  if (!drawn.empty()) return line + std::string(between, ' ') + painted(row.ink, drawn, style) + "\n";
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string bar_table(const BarRow& head, const std::vector<BarRow>& rows, const std::vector<BarRow>& sums,
                      const Style& style) {
  std::vector<BarRow> all = rows;
  all.push_back(head);
  all.insert(all.end(), sums.begin(), sums.end());
  const Widths widths = widths_for(all, style);
  const std::string heading = cells(head, widths, style);
  std::string text = painted(Ink::faint, heading, style) + "\n";
  for (const BarRow& row : rows) text += line_of(row, widths, style);
  if (sums.empty()) return text;
  std::string rule;
  for (std::size_t i = margin; i < width_of(heading); ++i) rule += style.utf8 ? "─" : "-";
  text += " " + painted(Ink::faint, rule, style) + "\n";
  for (const BarRow& row : sums) text += line_of(row, widths, style);
  return text;
}

}  // namespace layerwatt
