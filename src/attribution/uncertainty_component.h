// SPDX-License-Identifier: Apache-2.0
// The energies that a budget is for, and how one of its components is made. For uncertainty.cpp and
// sensor_errors.cpp alone.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attribution/profile.h"

namespace layerwatt {

// One of the energies that a budget is for. `time`: that readings, and their offset with them, went into it.
struct BudgetItem {
  Joules energy{};
  Nanoseconds time{};
  std::optional<Joules> half_width;  // of the relative 95 % interval
};

// All of one rail, in the order of its profile.
struct BudgetItems {
  BudgetItem inference;
  std::optional<BudgetItem> net;
  std::vector<std::optional<BudgetItem>> layers;
  std::vector<BudgetItem> joined;
};

// A component whose contribution to an item is what `contribution` says, empty where it is not known.
template <class Contribution>
UncertaintyComponent component(Influence influence, const BudgetItems& items,
                               const Contribution& contribution) {
  UncertaintyComponent made;
  made.influence = influence;
  made.inference = contribution(items.inference);
  if (items.net) made.net = contribution(*items.net);
  for (const auto& layer : items.layers)
    made.layers.push_back(layer ? contribution(*layer) : std::optional<Joules>{});
  for (const BudgetItem& joined : items.joined) made.joined.push_back(contribution(joined));
  return made;
}

inline UncertaintyComponent not_assessed(Influence influence, const RailProfile& rail, std::string why) {
  UncertaintyComponent made;
  made.influence = influence;
  made.not_assessed = std::move(why);
  made.layers.resize(rail.layers.size());
  made.joined.resize(rail.joined.size());
  return made;
}

}  // namespace layerwatt
