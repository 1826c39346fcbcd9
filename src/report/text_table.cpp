// SPDX-License-Identifier: Apache-2.0
// Widths from what stands in the cells.
#include "report/text_table.h"

#include <algorithm>
#include <numeric>

#include "report/text.h"

namespace layerwatt {

namespace {

constexpr std::size_t shortest_first = 16;

std::vector<std::size_t> widths_of(const TextTable& table) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    std::size_t width = width_of(table.columns[c].title);
    for (const TextRow& row : table.rows)
      if (row.remark.empty() || c < table.remark_from) width = std::max(width, width_of(row.cells[c]));
    widths.push_back(width);
  }
  return widths;
}

std::size_t total(const std::vector<std::size_t>& widths, const std::vector<bool>& shown) {
  std::size_t sum = margin - std::min(margin, between);
  for (std::size_t c = 0; c < widths.size(); ++c)
    if (shown[c]) sum += (c > 0 ? between : margin) + widths[c];
  return sum;
}

// Hides columns and shortens the first until it fits, as far as that can be done.
std::vector<bool> fit(const TextTable& table, std::size_t room, std::vector<std::size_t>& widths) {
  std::vector<bool> shown(widths.size(), true);
  while (total(widths, shown) > room) {
    const std::size_t excess = total(widths, shown) - room;
    if (widths[0] >= excess + shortest_first) {
      widths[0] -= excess;
      break;
    }
    std::size_t victim = 0;
    for (std::size_t c = 1; c < widths.size(); ++c)
      if (shown[c] && table.columns[c].rank > (victim == 0 ? 0 : table.columns[victim].rank)) victim = c;
    if (victim == 0) {
      widths[0] = std::min(widths[0], shortest_first);
      break;
    }
    shown[victim] = false;
  }
  return shown;
}

}  // namespace

std::string text_table(const TextTable& table, const Style& style) {
  std::vector<std::size_t> widths = widths_of(table);
  const auto columns = static_cast<std::size_t>(std::max(style.columns, 1));
  const std::vector<bool> shown = fit(table, columns, widths);
  const auto line_of = [&](const TextRow& row) {
    std::string line(margin, ' ');
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (!shown[c]) continue;
      if (c > 0) line.append(between, ' ');
      if (!row.remark.empty() && c >= table.remark_from) {
        line += wrapped(row.remark, columns - std::min(columns - 1, width_of(line)), width_of(line));
        break;
      }
      const std::string cell = c == 0 ? short_name(row.cells[c], widths[c], style) : row.cells[c];
      line += table.columns[c].is_number ? right(cell, widths[c]) : left(cell, widths[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  TextRow head;
  for (const TextColumn& column : table.columns) head.cells.push_back(column.title);
  std::string text = painted(Ink::faint, line_of(head), style);
  for (const TextRow& row : table.rows) text += line_of(row);
  return text;
}

}  // namespace layerwatt
