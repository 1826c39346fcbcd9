// SPDX-License-Identifier: Apache-2.0
// Workloads put together from what is known and what is assumed.
#include "reanalysis/papers.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace layerwatt::reanalysis {

namespace {

[[noreturn]] void give_up(const Error& error) {
  fmt::print(stderr, "reanalysis: {}: {}\n", error.where, error.detail);
  std::exit(1);
}

std::vector<Piece> pieces_of(const std::vector<NetworkLayer>& network, const Case& one) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < network.size(); ++i) pieces.push_back({network[i].duration, one.powers[i]});
  return pieces;
}

}  // namespace

Observation observed(const Workload& workload, const Method& method) {
  auto seen = observe(workload, method, seed);
  if (!seen) give_up(seen.error());
  return std::move(*seen);
}

std::vector<NetworkLayer> nano_network(Moment latency) {
  return mobilenet_v2(latency - nano_load - nano_residual - nano_unload);
}

Workload nano_workload(const std::vector<NetworkLayer>& network, const Case& powers) {
  Workload workload;
  workload.layers = pieces_of(network, powers);
  workload.load = nano_load;
  workload.residual = nano_residual;
  workload.unload = nano_unload;
  workload.host = nano_host;
  workload.gap = nano_gap;
  workload.gap_jitter = gap_jitter;
  workload.idle = nano_idle;
  workload.inferences = papers_inferences;
  return workload;
}

Workload tx1_workload(const std::vector<NetworkLayer>& network, const Case& powers) {
  Workload workload = nano_workload(network, powers);
  workload.residual = Moment{};
  workload.host = tx1_host;
  workload.idle = tx1_idle;
  workload.inferences = tx1_inferences;
  return workload;
}

std::vector<double> predicted(const Workload& workload, const Method& method, Moment cycle) {
  const auto powers = averaged_powers(workload.cycle(), method.tau(cycle), method.delay());
  std::vector<double> values;  // without loading before, residual, unloading and gap after
  for (std::size_t i = 0; i < workload.layers.size(); ++i) values.push_back(powers[i + 1].value());
  return values;
}

Workload alone(Watts power, Moment duration, double duty, Watts rest) {
  Workload workload;
  workload.layers = {{duration, power}};
  workload.load = duration * (1 / duty - 1);
  workload.host = rest;
  workload.idle = nano_idle;
  // No gap: what a real loop idles is part of the rest.
  workload.inferences = static_cast<std::uint32_t>(std::ceil(milliseconds(20'000) / (duration / duty)));
  return workload;
}

}  // namespace layerwatt::reanalysis
