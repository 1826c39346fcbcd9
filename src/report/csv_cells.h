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
// Four cells, headed per_input_columns: of the layer, and of the whole inference. `rail`: null without any.
std::string per_input_cells(const Profile& profile, const RailProfile* rail, std::size_t layer);
constexpr const char* per_input_columns =
    "duration_per_input_s,energy_per_input_j,inference_time_per_input_s,inference_energy_per_input_j";

template <class Unit>
std::string number(const std::optional<Unit>& value) {
  return value ? number(value->value()) : std::string{};
}

}  // namespace layerwatt::csv
