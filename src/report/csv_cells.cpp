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

std::string per_input_cells(const Profile& profile, const RailProfile* rail, std::size_t layer) {
  std::optional<Joules> of_layer, of_inference;
  if (rail != nullptr) {
    if (const auto& energy = rail->layers[layer].energy) of_layer = per_input(profile, energy->value);
    of_inference = energy_per_input(profile, *rail).value;
  }
  return fmt::format("{},{},{},{}", number(seconds(per_input(profile, profile.layers[layer].duration))),
                     number(of_layer), number(seconds(time_per_input(profile))), number(of_inference));
}

}  // namespace layerwatt::csv
