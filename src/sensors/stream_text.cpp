// SPDX-License-Identifier: Apache-2.0
// See stream_text.h.
#include "sensors/stream_text.h"

#include <algorithm>
#include <cmath>

namespace layerwatt::stream {

namespace {

constexpr double most_watts = 1e6, most_seconds = 9e9;

}  // namespace

std::optional<Watts> believable(Watts power) {
  return std::abs(power.value()) <= most_watts ? std::optional{power} : std::nullopt;
}

std::optional<Nanoseconds> stamp(double seconds) {
  if (!(std::abs(seconds) <= most_seconds)) return std::nullopt;
  return from_seconds(seconds);
}

bool is_label(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string Argument::option(std::string_view name) const {
  const auto found = options.find(name);
  return found == options.end() ? std::string{} : found->second;
}

Result<std::optional<double>> Argument::positive_number(std::string_view name) const {
  const std::string written = option(name);
  if (written.empty()) return std::optional<double>{};
  const auto value = text::number(written);
  if (!value || !(*value > 0))
    return Error{Errc::malformed, std::string{name} + "=" + written, "expected a number above 0"};
  return value;
}

Argument argument(std::string_view written, const std::vector<std::string_view>& known) {
  Argument made;
  bool first = true;
  while (true) {
    const std::size_t end = written.find(':');
    const std::string_view piece = written.substr(0, end);
    const std::size_t equals = piece.find('=');
    const std::string_view name = piece.substr(0, equals);
    if (equals != std::string_view::npos && std::find(known.begin(), known.end(), name) != known.end())
      made.options[std::string{name}] = std::string{piece.substr(equals + 1)};
    else
      made.head += (first ? "" : ":") + std::string{piece};
    first = false;
    if (end == std::string_view::npos) return made;
    written.remove_prefix(end + 1);
  }
}

}  // namespace layerwatt::stream
