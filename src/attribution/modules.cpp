// SPDX-License-Identifier: Apache-2.0
// Sums over layers; see modules.h.
#include "attribution/modules.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "attribution/statistics.h"

namespace layerwatt {

namespace {

std::vector<ModuleEnergy> named(std::span<const std::string> names, const LayerSums& sums) {
  std::vector<ModuleEnergy> modules;
  std::map<std::string, std::size_t> known;
  for (std::size_t l = 0; l < names.size(); ++l) {
    if (names[l].empty() || sums.durations[l] <= Nanoseconds{0}) continue;
    const auto [at, is_new] = known.emplace(names[l], modules.size());
    if (is_new) modules.push_back({names[l], {}, std::nullopt});
    modules[at->second].layers.push_back(l);
  }
  return modules;
}

}  // namespace

std::optional<Estimate<Joules>> energy_of(std::span<const std::size_t> layers, const LayerSums& sums) {
  Joules energy{};
  for (const std::size_t l : layers) {
    if (!sums.energies[l].energy) return std::nullopt;
    energy += sums.energies[l].energy->value;
  }
  if (sums.covariance.empty()) return estimate_with<Joules>(energy, std::nullopt);
  double variance = 0;
  for (const std::size_t a : layers)
    for (const std::size_t b : layers)
      variance += sums.covariance[a * sums.durations.size() + b] * seconds(sums.durations[a]) *
                  seconds(sums.durations[b]);
  return estimate_with<Joules>(energy, Joules{normal_975 * std::sqrt(std::max(variance, 0.0))});
}

std::vector<ModuleEnergy> modules_of(std::span<const Layer> layers, std::span<const Nesting> nestings,
                                     const LayerSums& sums) {
  std::vector<std::string> names;
  for (const Layer& layer : layers) names.push_back(layer.module);
  std::vector<ModuleEnergy> modules = named(names, sums);
  for (const Nesting& nesting : nestings) {
    const std::string& name = layers[nesting.whole].name;
    auto one = std::find_if(modules.begin(), modules.end(),
                            [&](const ModuleEnergy& module) { return module.name == name; });
    if (one == modules.end()) one = modules.insert(one, {name, {}, std::nullopt});
    one->layers.insert(one->layers.end(), nesting.parts.begin(), nesting.parts.end());
    one->layers.push_back(nesting.whole);
    std::sort(one->layers.begin(), one->layers.end());
    one->layers.erase(std::unique(one->layers.begin(), one->layers.end()), one->layers.end());
    std::erase_if(one->layers, [&](std::size_t l) { return sums.durations[l] <= Nanoseconds{0}; });
  }
  for (ModuleEnergy& one : modules) one.energy = energy_of(one.layers, sums);
  return modules;
}

std::vector<ModuleEnergy> groups_of(std::span<const std::string> names, const LayerSums& sums) {
  std::vector<ModuleEnergy> groups = named(names, sums);
  for (ModuleEnergy& one : groups) one.energy = energy_of(one.layers, sums);
  return groups;
}

}  // namespace layerwatt
