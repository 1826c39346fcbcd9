// SPDX-License-Identifier: Apache-2.0
// Prefixes and digits.
#include "report/quantity_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace layerwatt {

namespace {

constexpr int digits = 3;
constexpr int most_digits = 5;
constexpr int smallest_group = -4, largest_group = 3;  // pico to giga
constexpr std::array<std::string_view, 8> prefixes{"p", "n", "u", "m", "", "k", "M", "G"};

// Decimal exponent after rounding to `count` significant digits: 9.996 counts as 10.
int rounded_exponent(double value, int count) {
  const std::string text = fmt::format("{:.{}e}", value, count - 1);
  std::string_view exponent = std::string_view{text}.substr(text.find('e') + 1);
  if (exponent.front() == '+') exponent.remove_prefix(1);
  int result = 0;
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), result);
  return result;
}

struct Scale {
  int group;  // of three digits
  int exponent;
};

Scale scale_of(double value) {
  const int exponent = rounded_exponent(value, digits);
  const int group = exponent >= 0 ? exponent / 3 : -((2 - exponent) / 3);
  return {std::clamp(group, smallest_group, largest_group), exponent};
}

std::string prefixed(int group, std::string_view unit, const Style& style) {
  const std::string_view prefix = prefixes[static_cast<std::size_t>(group - smallest_group)];
  return fmt::format("{}{}", prefix == "u" && style.utf8 ? "\u00b5" : prefix, unit);
}

template <class Unit>
std::string with_interval(const Estimate<Unit>& estimate, std::string_view unit, const Style& style) {
  const double value = estimate.value.value();
  if (!estimate.interval) return quantity(value, unit, style);
  const double half = (estimate.interval->high - estimate.interval->low).value() / 2;
  if (half <= 0 || !std::isfinite(half) || !std::isfinite(value)) return quantity(value, unit, style);
  const Scale scale = scale_of(std::max(std::abs(value), half));
  const double factor = std::pow(10.0, -3 * scale.group);
  const int place = std::max(rounded_exponent(half, 2) - 1, scale.exponent - (most_digits - 1));
  const int decimals = std::max(0, 3 * scale.group - place);
  return fmt::format("{:.{}f} {} {:.{}f} {}", value * factor, decimals, style.utf8 ? "±" : "+-",
                     half * factor, decimals, prefixed(scale.group, unit, style));
}

}  // namespace

std::string quantity(double si, std::string_view unit, const Style& style) {
  if (si == 0) return fmt::format("0 {}", unit);
  if (!std::isfinite(si)) return "-";
  const Scale scale = scale_of(si);
  const int decimals = std::clamp(digits - 1 - (scale.exponent - 3 * scale.group), 0, digits);
  return fmt::format("{:.{}f} {}", si * std::pow(10.0, -3 * scale.group), decimals,
                     prefixed(scale.group, unit, style));
}

std::string quantity(Joules energy, const Style& style) { return quantity(energy.value(), "J", style); }
std::string quantity(Watts power, const Style& style) { return quantity(power.value(), "W", style); }
std::string quantity(Nanoseconds time, const Style& style) { return quantity(seconds(time), "s", style); }
std::string quantity(const Estimate<Joules>& energy, const Style& style) {
  return with_interval(energy, "J", style);
}
std::string quantity(const Estimate<Watts>& power, const Style& style) {
  return with_interval(power, "W", style);
}

std::string relative_interval(const Estimate<Joules>& energy, const Style& style) {
  if (!energy.interval || energy.value.value() == 0) return {};
  const double half = (energy.interval->high - energy.interval->low) / energy.value / 2;
  if (!std::isfinite(half)) return {};
  const double percent = std::abs(half) * 100;
  const char* sign = style.utf8 ? "±" : "+-";
  if (percent >= 999.5) return fmt::format("{} >999 %", sign);
  return fmt::format("{} {:.{}f} %", sign, percent, percent < 9.95 ? 1 : 0);
}

std::string share(double part, double whole) {
  const double percent = part / whole * 100;
  return std::isfinite(percent) ? fmt::format("{:.1f} %", percent) : "-";
}

}  // namespace layerwatt
