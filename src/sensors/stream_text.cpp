// SPDX-License-Identifier: Apache-2.0
// See stream_text.h.
#include "sensors/stream_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace layerwatt::stream {

namespace {

constexpr double most_watts = 1e6, most_seconds = 9e9;

template <class Number>
std::optional<Number> parsed(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view unquoted(std::string_view field) {
  field = trimmed(field);
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
    field = field.substr(1, field.size() - 2);
  return trimmed(field);
}

}  // namespace

std::optional<double> number(std::string_view text) {
  const auto value = parsed<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<long long> integer(std::string_view text) { return parsed<long long>(text); }

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> fields(std::string_view line, char separator) {
  std::vector<std::string_view> all;
  while (true) {
    const std::size_t end = line.find(separator);
    all.push_back(unquoted(line.substr(0, end)));
    if (end == std::string_view::npos) return all;
    line.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> all;
  for (std::string_view word : fields(line, ' ')) {
    if (!word.empty()) all.push_back(word);
  }
  return all;
}

std::optional<double> prefix(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 9> known{{{"", 1},
                                                                             {"p", 1e-12},
                                                                             {"n", 1e-9},
                                                                             {"u", 1e-6},
                                                                             {"\u00b5", 1e-6},
                                                                             {"\u03bc", 1e-6},
                                                                             {"m", 1e-3},
                                                                             {"k", 1e3},
                                                                             {"M", 1e6}}};
  for (const auto& [name, factor] : known)
    if (name == text) return factor;
  return std::nullopt;
}

std::optional<Watts> believable(Watts power) {
  return std::abs(power.value()) <= most_watts ? std::optional{power} : std::nullopt;
}

std::optional<Nanoseconds> stamp(double seconds) {
  if (!(std::abs(seconds) <= most_seconds)) return std::nullopt;
  return from_seconds(seconds);
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string Argument::option(std::string_view name) const {
  const auto found = options.find(name);
  return found == options.end() ? std::string{} : found->second;
}

Result<std::optional<double>> Argument::positive(std::string_view name) const {
  const std::string text = option(name);
  if (text.empty()) return std::optional<double>{};
  const auto value = number(text);
  if (!value || !(*value > 0))
    return Error{Errc::malformed, std::string{name} + "=" + text, "expected a number above 0"};
  return value;
}

Argument argument(std::string_view text, const std::vector<std::string_view>& known) {
  Argument made;
  bool first = true;
  while (true) {
    const std::size_t end = text.find(':');
    const std::string_view piece = text.substr(0, end);
    const std::size_t equals = piece.find('=');
    const std::string_view name = piece.substr(0, equals);
    if (equals != std::string_view::npos && std::find(known.begin(), known.end(), name) != known.end())
      made.options[std::string{name}] = std::string{piece.substr(equals + 1)};
    else
      made.head += (first ? "" : ":") + std::string{piece};
    first = false;
    if (end == std::string_view::npos) return made;
    text.remove_prefix(end + 1);
  }
}

}  // namespace layerwatt::stream
