// SPDX-License-Identifier: Apache-2.0
// A rail draws idle, plus what runs at all, computes and moves; a rail that contains others draws theirs too.
#include "boards/virtual_power.h"

#include <algorithm>
#include <string>

#include "simulation/random.h"

namespace layerwatt {

namespace {

constexpr double largest_variation = 3;  // standard deviations

double count_of(const std::optional<std::int64_t>& count) {
  return static_cast<double>(std::max<std::int64_t>(count.value_or(0), 0));
}

// How much a layer differs from what its work alone says: fixed by its name, the same for every seed.
double variation(const BoardModel& model, const std::string& rail, const Layer& layer) {
  simulation::Random random{simulation::portable_hash(layer.name), rail};
  return 1 + model.layer_variation * std::clamp(random.normal(), -largest_variation, largest_variation);
}

Watts own_power(const BoardModel& model, const BoardModel::Rail& rail, const Layer& layer) {
  const LayerWork work = work_of(model, layer);
  const Watts active = rail.running + rail.busy * work.computing + rail.moving * work.moving;
  return rail.idle + active * std::max(variation(model, rail.name, layer), 0.0);
}

const BoardRail* named(const Board& board, const std::string& name) {
  const auto found = std::find_if(board.rails.begin(), board.rails.end(),
                                  [&](const BoardRail& rail) { return rail.name == name; });
  return found == board.rails.end() ? nullptr : &*found;
}

// What every source adds to the rail at `index`, following containment down; `depth` stops a cycle.
void add_feeds(const Board& board, std::size_t index, double factor, std::size_t depth,
               std::vector<double>& feeds) {
  const auto& rails = board.model->rails;
  feeds[index] += factor;
  const BoardRail* rail = named(board, rails[index].name);
  if (rail == nullptr || depth == 0) return;
  for (std::size_t part = 0; part < rails.size(); ++part)
    if (std::find(rail->contains.begin(), rail->contains.end(), rails[part].name) != rail->contains.end())
      add_feeds(board, part, factor * (1 + rails[index].loss), depth - 1, feeds);
}

template <class Unit>
std::vector<Unit> mixed(const std::vector<std::vector<double>>& feeds, const std::vector<Unit>& own) {
  std::vector<Unit> whole(own.size());
  for (std::size_t rail = 0; rail < own.size(); ++rail)
    for (std::size_t source = 0; source < own.size(); ++source)
      whole[rail] += feeds[rail][source] * own[source];
  return whole;
}

}  // namespace

LayerWork work_of(const BoardModel& model, const Layer& layer) {
  const double computing = count_of(layer.macs) / model.macs_per_second;
  const double moving = count_of(layer.bytes) / model.bytes_per_second;
  const double whole = std::max(computing, moving) + seconds(model.launch);
  if (whole <= 0) return {};
  // Longer than a year is as good as a year, and still a number of nanoseconds.
  return {from_seconds(std::min(whole, 365 * 86400.0)), computing / whole, moving / whole};
}

Result<BoardPower> power_of(const Board& board, std::span<const Layer> layers) {
  if (!board.model) return Error{Errc::unsupported, board.id, "its file has no [model] to simulate it by"};
  const BoardModel& model = *board.model;
  if (!(model.macs_per_second > 0) || !(model.bytes_per_second > 0) || model.rails.empty())
    return Error{Errc::unsupported, board.id, "its [model] needs rails and rates above zero"};
  BoardPower power;
  std::vector<Watts> own_idle;
  std::vector<Joules> own_read;
  for (std::size_t i = 0; i < model.rails.size(); ++i) {
    power.rails.push_back(model.rails[i].name);
    own_idle.push_back(model.rails[i].idle);
    own_read.push_back(model.rails[i].a_read);
    power.feeds.emplace_back(model.rails.size(), 0.0);
    add_feeds(board, i, 1, model.rails.size(), power.feeds.back());
  }
  power.idle = mixed(power.feeds, own_idle);
  power.a_read = mixed(power.feeds, own_read);
  const auto most = std::max_element(power.idle.begin(), power.idle.end());
  power.total = static_cast<std::size_t>(most - power.idle.begin());
  for (const Layer& layer : layers) {
    std::vector<Watts> own;
    for (const auto& rail : model.rails) own.push_back(own_power(model, rail, layer));
    power.layers.push_back(mixed(power.feeds, own));
  }
  return power;
}

BoardPower while_reading(BoardPower power, double reads_per_s) {
  const Nanoseconds second = std::chrono::seconds{1};
  for (std::size_t rail = 0; rail < power.idle.size(); ++rail) {
    const Watts more = power.a_read[rail] * reads_per_s / second;
    power.idle[rail] += more;
    for (std::vector<Watts>& layer : power.layers) layer[rail] += more;
  }
  return power;
}

}  // namespace layerwatt
