// SPDX-License-Identifier: Apache-2.0
// What streams have in common: numbers that are believed, and what users write behind a driver's name. Pure.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/text.h"
#include "core/units.h"

namespace layerwatt::stream {

// Empty when no machine that runs a network could draw that: above 1 MW, either way.
std::optional<Watts> believable(Watts power);
// Of seconds; empty beyond 285 years, where nanoseconds overflow.
std::optional<Nanoseconds> stamp(double seconds);

// What may become the name of a rail: 1 to 64 printable characters without spaces.
bool is_label(std::string_view name);

// "demo:samplerate=1000:a=A1" -> head "demo", options {samplerate, a}. Only options named in `known` are
// taken out; other pieces stay in the head, colons and all.
struct Argument {
  std::string head;
  std::map<std::string, std::string, std::less<>> options;
  [[nodiscard]] std::string option(std::string_view name) const;
  // In the quantity's own unit; empty when it was not given. malformed: no number above zero.
  template <class Quantity>
  [[nodiscard]] Result<std::optional<Quantity>> positive(std::string_view name) const {
    const auto number = positive_number(name);
    if (!number) return number.error();
    return *number ? std::optional{Quantity{**number}} : std::nullopt;
  }

 private:
  [[nodiscard]] Result<std::optional<double>> positive_number(std::string_view name) const;
};
Argument argument(std::string_view written, const std::vector<std::string_view>& known);

}  // namespace layerwatt::stream
