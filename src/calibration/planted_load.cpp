// SPDX-License-Identifier: Apache-2.0
// The plan, the run it makes, and what is to be found; see planted_load.h.
#include "calibration/planted_load.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "attribution/power_trace.h"
#include "attribution/statistics.h"
#include "calibration/settled_mean.h"

namespace layerwatt {

namespace {

constexpr std::size_t steady_pairs = 4;  // before the inferences, and again after them
constexpr std::size_t planted_layer = 2;
constexpr std::uint32_t inferences_a_block = 25;
constexpr double apart = 1.5, telling = 0.2;
// Of work, rest, plant, rest, work; and the shortest and longest pause, in lengths of the plant.
constexpr double parts[] = {2, 1.25, 1, 1.75, 1.5};
constexpr double shortest_pause = 1, longest_pause = 3;
const char* const names[] = {"work", "rest", "planted load", "another rest", "more work"};

// Stretches that are on: of the steady ones before, of each inference, of those after.
constexpr std::size_t on_an_inference = 3;

std::size_t stretches_on(const PlantedPlan& plan) {
  return 2 * steady_pairs + on_an_inference * std::size_t{plan.inferences};
}

struct Stretch {
  Instant from, to;
};

// Pairs of on and off. Empty when they do not alternate.
std::vector<Stretch> stretches_of(const std::vector<LoadStep>& steps) {
  std::vector<Stretch> on;
  for (std::size_t i = 0; i + 1 < steps.size(); i += 2) {
    if (!steps[i].on || steps[i + 1].on || steps[i + 1].at < steps[i].at) return {};
    on.push_back({steps[i].at, steps[i + 1].at});
  }
  return on;
}

bool is_steady(std::size_t stretch, const PlantedPlan& plan) {
  return stretch < steady_pairs || stretch >= steady_pairs + on_an_inference * plan.inferences;
}

double half_width(const Estimate<Joules>& estimate) {
  return (estimate.interval->high.value() - estimate.interval->low.value()) / 2;
}

}  // namespace

std::vector<Nanoseconds> lengths_of(const PlantedPlan& plan) {
  std::mt19937_64 random{plan.seed};
  std::uniform_real_distribution<> pause{shortest_pause, longest_pause};
  const auto scaled = [&](double factor) {
    return Nanoseconds{std::llround(factor * static_cast<double>(plan.plant.count()))};
  };
  std::vector<Nanoseconds> lengths;
  for (std::size_t i = 0; i < 2 * steady_pairs; ++i) lengths.push_back(plan.steady);
  for (std::uint32_t i = 0; i < plan.inferences; ++i) {
    lengths.push_back(i == 0 ? plan.steady : scaled(pause(random)));
    for (const double part : parts) lengths.push_back(scaled(part));
  }
  for (std::size_t i = 0; i < 2 * steady_pairs + 1; ++i) lengths.push_back(plan.steady);
  return lengths;
}

Result<Timeline> planted_run(const PlantedPlan& plan, std::vector<RailRecord> rails,
                             const std::vector<LoadStep>& steps, Instant to) {
  const std::vector<Stretch> on = stretches_of(steps);
  if (on.size() != stretches_on(plan))
    return Error{Errc::malformed, "self-test", "the load did not go on and off as planned"};
  Timeline run;
  run.complete = true;
  run.rails = std::move(rails);
  for (const char* name : names) {
    Layer layer;
    layer.name = layer.type = name;
    run.layers.push_back(std::move(layer));
  }
  const std::size_t first = steady_pairs, last = first + on_an_inference * plan.inferences - 1;
  run.phases.push_back({Phase::idle_before, 0, on[first - 1].to, on[first].from});
  for (std::uint32_t i = 0; i < plan.inferences; ++i) {
    const Stretch* part = &on[first + on_an_inference * i];
    const std::uint32_t block = i / inferences_a_block;
    if (i % inferences_a_block == 0) run.phases.push_back({Phase::energy, block, part->from, part->from});
    run.inferences.push_back({Phase::energy, block, part[0].from, part[0].from, part[2].to, part[2].to});
    run.phases.back().to = part[2].to;
    const Instant edges[] = {part[0].from, part[0].to, part[1].from, part[1].to, part[2].from, part[2].to};
    for (std::uint32_t layer = 0; layer < std::size(names); ++layer)
      run.spans.push_back({layer, i, edges[layer], edges[layer + 1]});
  }
  run.phases.push_back({Phase::idle_after, 0, on[last].to, on[last + 1].from});
  run.clocks_at_start.raw = on.front().from;
  run.clocks_at_end.raw = to;
  return run;
}

std::optional<bool> PlantedResult::recovered() const {
  if (!found || !found->interval || !planted.interval) return std::nullopt;
  const double both = std::hypot(half_width(*found), half_width(planted));
  return std::abs(found->value.value() - planted.value.value()) <= apart * both;
}

bool PlantedResult::is_telling() const {
  if (!found || !found->interval || !planted.interval) return false;
  return std::hypot(half_width(*found), half_width(planted)) <= telling * std::abs(planted.value.value());
}

std::vector<PlantedResult> planted_results(const PlantedPlan& plan, const Timeline& run,
                                           const Profile& profile, const std::vector<LoadStep>& steps) {
  const std::vector<Stretch> on = stretches_of(steps);
  const double length = seconds(profile.layers.at(planted_layer).duration);
  std::vector<PlantedResult> results;
  for (const RailProfile& rail : profile.rails) {
    const auto record = std::find_if(run.rails.begin(), run.rails.end(), [&](const RailRecord& one) {
      return one.channel.rail == rail.rail && one.sensor == rail.sensor;
    });
    if (record == run.rails.end()) continue;
    const PowerTrace trace{*record};
    std::vector<Batch<Watts>> powers;
    for (std::size_t i = 0; i < on.size(); ++i) {
      if (!is_steady(i, plan)) continue;
      if (const auto power = settled_mean(trace, on[i].from, on[i].to).power) powers.push_back({*power, 1});
    }
    if (powers.size() < 2) continue;
    const BatchMean<Watts> power = mean_of(powers);
    PlantedResult result{rail.rail,
                         estimate_with(Joules{power.mean.value() * length},
                                       std::optional{Joules{power.half_width->value() * length}}),
                         rail.layers.at(planted_layer).energy};
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace layerwatt
