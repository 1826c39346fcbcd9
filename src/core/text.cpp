// SPDX-License-Identifier: Apache-2.0
// See text.h.
#include "core/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace layerwatt::text {

namespace {

template <class Number>
std::optional<Number> parsed(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
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

std::string lower_case(std::string_view text) {
  std::string made{text};
  for (char& c : made)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return made;
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

}  // namespace layerwatt::text
