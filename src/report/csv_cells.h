// SPDX-License-Identifier: Apache-2.0
// Cells of comma-separated values (RFC 4180). Empty for what is not known.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "attribution/profile.h"

namespace layerwatt::csv {

std::string quoted(std::string_view text);  // where it has to be
std::string number(double value);           // shortest text that reads back as the same double
std::string count(const std::optional<std::int64_t>& value);
std::string ends(const std::optional<Estimate<Joules>::Interval>& interval);  // two cells

template <class Unit>
std::string number(const std::optional<Unit>& value) {
  return value ? number(value->value()) : std::string{};
}

}  // namespace layerwatt::csv
