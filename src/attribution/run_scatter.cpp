// SPDX-License-Identifier: Apache-2.0
// Checks that runs may be compared, and the standard deviation between them (GUM 4.2.2).
#include "attribution/run_scatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/circumstances.h"

namespace layerwatt {

namespace {

std::optional<std::string> difference(const Profile& profile, const Profile& other) {
  for (const Setting& setting : run_settings()) {
    if (!setting.same_in_repeated) continue;
    const std::string here = circumstance(profile.circumstances, setting.key),
                      there = circumstance(other.circumstances, setting.key);
    if (here != there) return fmt::format("{} is \"{}\", not \"{}\"", setting.key, there, here);
  }
  const auto same_name = [](const LayerProfile& a, const LayerProfile& b) {
    return a.layer.name == b.layer.name;
  };
  if (!std::equal(profile.layers.begin(), profile.layers.end(), other.layers.begin(), other.layers.end(),
                  same_name))
    return "its layers are others";
  return std::nullopt;
}

const RailProfile* rail_like(const RailProfile& rail, const Profile& other) {
  for (const RailProfile& candidate : other.rails)
    if (candidate.rail == rail.rail && candidate.sensor == rail.sensor && candidate.origin == rail.origin)
      return &candidate;
  return nullptr;
}

// Empty when one of the runs does not know it.
std::optional<Joules> deviation(const std::vector<std::optional<Joules>>& energies) {
  double sum = 0, squares = 0;
  for (const auto& energy : energies) {
    if (!energy) return std::nullopt;
    sum += energy->value();
  }
  const auto count = static_cast<double>(energies.size());
  for (const auto& energy : energies) squares += std::pow(energy->value() - sum / count, 2);
  return Joules{std::sqrt(squares / (count - 1))};
}

std::optional<Joules> value_of(const std::optional<Estimate<Joules>>& estimate) {
  return estimate ? std::optional{estimate->value} : std::nullopt;
}

std::optional<Joules> sum_over(const JoinedLayers& joined, const RailProfile& run) {
  Joules sum{};
  for (const std::size_t layer : joined.layers) {
    if (!run.layers[layer].energy) return std::nullopt;
    sum += run.layers[layer].energy->value;
  }
  return sum;
}

RunScatter scatter_of(const std::vector<const RailProfile*>& runs) {
  const auto over = [&](const auto& energy_of) {
    std::vector<std::optional<Joules>> energies;
    for (const RailProfile* run : runs) energies.push_back(energy_of(*run));
    return deviation(energies);
  };
  RunScatter scatter;
  scatter.runs = runs.size();
  scatter.inference = over([](const RailProfile& run) { return std::optional{run.inference.value}; });
  scatter.net = over([](const RailProfile& run) { return value_of(run.net); });
  for (std::size_t l = 0; l < runs.front()->layers.size(); ++l)
    scatter.layers.push_back(over([l](const RailProfile& run) { return value_of(run.layers[l].energy); }));
  for (const JoinedLayers& joined : runs.front()->joined)
    scatter.joined.push_back(over([&](const RailProfile& run) { return sum_over(joined, run); }));
  return scatter;
}

// A copy of a run says nothing about another run.
bool is_one_twice(const std::vector<const RailProfile*>& runs) {
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (runs[i]->inference.value == runs[j]->inference.value && runs[i]->readings == runs[j]->readings &&
          runs[i]->mean_power == runs[j]->mean_power)
        return true;
  return false;
}

}  // namespace

Result<std::vector<RunScatter>> scatter_between(const Profile& profile, std::span<const Profile> others) {
  const auto unsupported = [](const std::string& why) {
    return Error{Errc::unsupported, "run to compare with", why};
  };
  for (const Profile& other : others)
    if (const auto differs = difference(profile, other)) return unsupported(*differs);
  std::vector<RunScatter> scatters;
  for (const RailProfile& rail : profile.rails) {
    std::vector<const RailProfile*> runs{&rail};
    for (const Profile& other : others) {
      runs.push_back(rail_like(rail, other));
      if (runs.back() == nullptr) return unsupported("rail " + rail.rail + " was not read in it");
      if (runs.back()->calibration != rail.calibration)
        return unsupported(
            "rail " + rail.rail +
            " is not corrected by the same calibration; --no-calibration leaves it out of all");
    }
    if (is_one_twice(runs)) return unsupported("the same run is given twice, or is a copy");
    scatters.push_back(runs.size() > 1 ? scatter_of(runs) : RunScatter{});
  }
  return scatters;
}

}  // namespace layerwatt
