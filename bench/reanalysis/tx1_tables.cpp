// SPDX-License-Identifier: Apache-2.0
// Figure 2 of the TX1 paper: energies of SqueezeNet's layers, which go with their times.
#include <fmt/format.h>

#include <algorithm>

#include "reanalysis/tables.h"

namespace layerwatt::reanalysis {

void print_tx1_tables() {
  const Method shipped = tx1_as_shipped();
  for (const double latency_ms : {10.0, 20.0, 40.0}) {
    const auto network = squeezenet(milliseconds(latency_ms));
    begin_table(fmt::format("tx1-spread-{:.0f}", latency_ms));
    print_spread_head();
    for (const Case& one : cases(network, tx1_power, tx1_idle))
      print_spread_row(one.name, compare(tx1_workload(network, one), shipped, tx1_triggered()), shipped);
  }
}

// One inference at a time, from rest: the register is still on its way up.
void print_from_rest_table() {
  begin_table("tx1-from-rest");
  fmt::print(
      "| latency | first layer seems to draw | fire3 | fire4 | fire5 | last | whole inference, of the truth "
      "|\n|---|---|---|---|---|---|---|\n");
  for (const double latency_ms : {10.0, 20.0, 40.0}) {
    const auto network = squeezenet(milliseconds(latency_ms));
    Workload workload = tx1_workload(network, cases(network, tx1_power, tx1_idle).front());
    workload.gap = milliseconds(400);
    workload.inferences = 1000;
    const Observation seen = observed(workload, tx1_as_shipped());
    const auto powers = apparent(seen);
    double energy = 0, truth = 0;
    for (std::size_t i = 0; i < powers.size(); ++i) {
      energy += powers[i] * seconds(network[i].duration);
      truth += seen.layers[i].truth.value() * seconds(network[i].duration);
    }
    fmt::print("| {:.0f} ms | {:.2f} W", latency_ms, powers.front());
    for (const char* name : {"fire3", "fire4", "fire5"}) {
      const auto layer =
          std::find_if(network.begin(), network.end(), [&](const NetworkLayer& l) { return l.name == name; });
      fmt::print(" | {:.2f} W", powers[static_cast<std::size_t>(layer - network.begin())]);
    }
    fmt::print(" | {:.2f} W | {:.0f} % |\n", powers.back(), 100 * energy / truth);
  }
}

}  // namespace layerwatt::reanalysis
