// SPDX-License-Identifier: Apache-2.0
// UTF-8 as in RFC 3629; colours as in ECMA-48.
#include "report/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace layerwatt {

namespace {

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// Bytes of the character at the start of `text`, which is not empty; zero when it is no character.
std::size_t character_at(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!continues(text[i])) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second >= 0xA0;
  const bool beyond = first == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

// C0, DEL, and C1 controls, which are U+0080 to U+009F.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

// Byte offset of character number `index`, or the end.
std::size_t offset_of(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if (!continues(text[at]) && index-- == 0) break;
  return at;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string printable(std::string_view text, const Style& style) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = character_at(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    const bool shown = length > 0 && !is_control(character) && (length == 1 || style.utf8);
    result += shown ? character : "?";
    text.remove_prefix(character.size());
  }
  return result;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !continues(byte); }));
}

std::string left(std::string_view text, std::size_t columns) {
  std::string result{text};
  result.append(columns - std::min(columns, width_of(text)), ' ');
  return result;
}

std::string right(std::string_view text, std::size_t columns) {
  return std::string(columns - std::min(columns, width_of(text)), ' ') + std::string{text};
}

std::string elided(std::string_view text, std::size_t columns, const Style& style) {
  const std::size_t width = width_of(text);
  if (width <= columns) return std::string{text};
  const std::string_view mark = style.utf8 ? "…" : "..";
  const std::size_t mark_width = width_of(mark);
  if (columns <= mark_width) return std::string{text.substr(0, offset_of(text, columns))};
  const std::size_t kept = columns - mark_width, head = (kept + 1) / 2;
  return std::string{text.substr(0, offset_of(text, head))} + std::string{mark} +
         std::string{text.substr(offset_of(text, width - (kept - head)))};
}

std::string short_name(std::string_view name, std::size_t columns, const Style& style) {
  constexpr std::string_view plus = " + ";
  const std::size_t first = name.find(plus);
  if (width_of(name) <= columns || first == std::string_view::npos) return elided(name, columns, style);
  std::size_t others = 0;
  for (std::size_t at = first; at != std::string_view::npos; at = name.find(plus, at + 1)) ++others;
  const std::string count = " +" + std::to_string(others);
  return elided(name.substr(0, first), columns - std::min(columns, count.size()), style) + count;
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent) {
  std::string result;
  std::size_t used = 0;
  while (!text.empty()) {
    std::size_t blank = std::min(text.find(' '), text.size());
    while (blank > 0 && blank < text.size() && is_digit(text[blank - 1]))
      blank = std::min(text.find(' ', blank + 1), text.size());
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(std::min(blank + 1, text.size()));
    if (used > 0 && used + 1 + width_of(word) > columns) {
      result += '\n' + std::string(indent, ' ');
      used = 0;
    } else if (used > 0) {
      result += ' ';
      ++used;
    }
    result += word;
    used += width_of(word);
  }
  return result;
}

std::string bar(double share, std::size_t columns, const Style& style) {
  static constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!std::isfinite(share)) return {};
  const double length = std::clamp(share, 0.0, 1.0) * static_cast<double>(columns);
  if (!style.utf8) return std::string(static_cast<std::size_t>(std::lround(length)), '#');
  const auto parts = static_cast<std::size_t>(std::lround(length * 8));
  std::string result;
  for (std::size_t i = 0; i < parts / 8; ++i) result += "█";
  return result + std::string{eighths[parts % 8]};
}

std::string painted(Ink ink, std::string_view text, const Style& style) {
  static constexpr std::array<std::string_view, 6> codes{"", "1", "2", "1;33", "36", "1;35"};
  const std::string_view code = codes[static_cast<std::size_t>(ink)];
  if (!style.colour || code.empty() || text.empty()) return std::string{text};
  return "\033[" + std::string{code} + "m" + std::string{text} + "\033[0m";
}

}  // namespace layerwatt
