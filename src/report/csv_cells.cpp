// SPDX-License-Identifier: Apache-2.0
#include "report/csv_cells.h"

#include <fmt/format.h>

namespace layerwatt::csv {

std::string quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string{text};
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string{"\"\""} : std::string{c};
  return result + "\"";
}

std::string number(double value) { return fmt::format("{}", value); }

std::string count(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : std::string{};
}

std::string ends(const std::optional<Estimate<Joules>::Interval>& interval) {
  if (!interval) return ",";
  return number(interval->low.value()) + "," + number(interval->high.value());
}

}  // namespace layerwatt::csv
