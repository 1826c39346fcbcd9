// SPDX-License-Identifier: Apache-2.0
// The spelled-out names of the vocabulary, as they stand in run files and reports, and what follows from it.
#include "core/vocabulary.h"

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace layerwatt {

namespace {

template <class Enum, std::size_t n>
using Names = std::array<std::pair<Enum, const char*>, n>;

constexpr Names<Phase, 8> phases{{{Phase::open, "open"},
                                  {Phase::idle_before, "idle_before"},
                                  {Phase::warm_up, "warm_up"},
                                  {Phase::latency, "latency"},
                                  {Phase::energy, "energy"},
                                  {Phase::idle_after, "idle_after"},
                                  {Phase::refit, "refit"},
                                  {Phase::accuracy, "accuracy"}}};
constexpr Names<Origin, 3> origins{
    {{Origin::measured, "measured"}, {Origin::estimated, "estimated"}, {Origin::simulated, "simulated"}}};
constexpr Names<Meaning, 2> meanings{
    {{Meaning::power_now, "power_now"}, {Meaning::energy_total, "energy_total"}}};

template <class Enum, std::size_t n>
const char* spelled(const Names<Enum, n>& names, Enum value) {
  for (const auto& [known, name] : names)
    if (known == value) return name;
  return "unknown";
}

template <class Enum, std::size_t n>
std::optional<Enum> parsed(const Names<Enum, n>& names, std::string_view text) {
  for (const auto& [known, name] : names)
    if (text == name) return known;
  return std::nullopt;
}

}  // namespace

std::optional<Nanoseconds> time_constant_of(const Channel& channel) {
  constexpr double longest_s = 3600;  // beyond it, it is no sensor: a damaged file
  if (channel.meaning != Meaning::power_now || !channel.averaging || !channel.refresh) return std::nullopt;
  if (*channel.averaging <= 1 || *channel.refresh <= Nanoseconds{0}) return std::nullopt;
  const double constant_s = -seconds(*channel.refresh) / std::log(1 - 1.0 / *channel.averaging);
  if (!(constant_s < longest_s)) return std::nullopt;
  return from_seconds(constant_s);
}

const char* name_of(Phase phase) { return spelled(phases, phase); }
const char* name_of(Origin origin) { return spelled(origins, origin); }
const char* name_of(Meaning meaning) { return spelled(meanings, meaning); }
std::optional<Phase> phase_named(const std::string& name) { return parsed(phases, name); }
std::optional<Origin> origin_named(const std::string& name) { return parsed(origins, name); }
std::optional<Meaning> meaning_named(const std::string& name) { return parsed(meanings, name); }

}  // namespace layerwatt
