// SPDX-License-Identifier: Apache-2.0
// Parsing of durations; see duration.h.
#include "cli/duration.h"

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace layerwatt {

namespace {

constexpr std::array<std::pair<std::string_view, double>, 7> units{
    {{"ns", 1e-9}, {"us", 1e-6}, {"\u00b5s", 1e-6}, {"ms", 1e-3}, {"s", 1.0}, {"min", 60.0}, {"h", 3600.0}}};
constexpr double longest_seconds = 30.0 * 24 * 3600;

}  // namespace

Result<Nanoseconds> parse_duration(const std::string& text) {
  const Error wrong{Errc::malformed, "duration \"" + text + "\"",
                    "expected a number and a unit (ns us ms s min h), as in 20s or 1.5ms"};
  const auto unit_at = text.find_first_not_of("0123456789.");
  const std::string digits = text.substr(0, unit_at);
  if (unit_at == std::string::npos || digits.empty() || digits == "." ||
      digits.find('.') != digits.rfind('.'))
    return wrong;
  const double number = std::strtod(digits.c_str(), nullptr);
  for (const auto& [name, scale] : units) {
    if (name != std::string_view{text}.substr(unit_at)) continue;
    const double in_seconds = number * scale;
    if (in_seconds > longest_seconds) return Error{Errc::malformed, wrong.where, "longer than 30 days"};
    return from_seconds(in_seconds);
  }
  return wrong;
}

}  // namespace layerwatt
