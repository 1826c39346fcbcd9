// SPDX-License-Identifier: Apache-2.0
// Figure 10 of the Nano paper: layers alone read lower than in their network.
#include <fmt/format.h>

#include "reanalysis/figure.h"
#include "reanalysis/tables.h"

namespace layerwatt::reanalysis {

namespace {

constexpr Watts rests[] = {Watts{2}, Watts{3}};
constexpr Moment lone_layer = milliseconds(0.5);

// The share of the loop at which a layer of one power seems to have another.
double duty_for(Watts power, Watts apparent_power, Watts rest) {
  return (apparent_power - rest) / (power - rest);
}

}  // namespace

void print_duty_table() {
  Figure figure;
  figure.title = "SIMULATED: a 6 W layer of 0.5 ms alone in a loop, read through the average over 64";
  figure.x_name = "share of the loop in which the layer runs";
  figure.y_name = "apparent power, W";
  figure.x_high = 1;
  figure.y_low = 1;
  figure.y_high = 7;
  figure.y_step = 1;
  figure.bands = {{"layers alone, Nano paper, figure 10", paper_low.value(), paper_high.value()}};
  const char* colours[] = {"#1f77b4", "#d62728"};
  begin_table("alone-duty");
  fmt::print(
      "| share of the loop | rest of the loop 2 W: as shipped | formula | triggered, exact stamps | rest "
      "3 W: as shipped | formula | triggered, exact stamps |\n|---|---|---|---|---|---|---|\n");
  for (std::size_t r = 0; r < 2; ++r) {
    const double rest = rests[r].value(), power = nano_power.value();
    figure.lines.push_back(
        {fmt::format("rest of the loop at {:g} W", rest), colours[r], {0.0, 1.0}, {rest, power}, false});
    figure.lines.push_back({"", colours[r], {}, {}, true});
  }
  for (const double duty : {0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9}) {
    fmt::print("| {:.0f} %", 100 * duty);
    for (std::size_t r = 0; r < 2; ++r) {
      const Workload workload = alone(nano_power, lone_layer, duty, rests[r]);
      const Method shipped = nano_as_shipped();
      const Observation seen = observed(workload, shipped);
      const Observation exact = observed(workload, with_exact_stamps(nano_triggered()));
      const double power = apparent(seen).front();
      fmt::print(" | {:.2f} W | {:.2f} W | {:.2f} W", power, predicted(workload, shipped, seen.cycle).front(),
                 apparent(exact).front());
      figure.lines[2 * r + 1].x.push_back(duty);
      figure.lines[2 * r + 1].y.push_back(power);
    }
    fmt::print(" |\n");
  }
  fmt::print("@@ figure reanalysis-alone.svg\n{}", svg(figure));
}

void print_first_layers_table() {
  constexpr std::size_t shown = 8;
  const auto network = nano_network();
  begin_table("alone-layers");
  fmt::print(
      "| layer | takes | rest of the loop for 5 W, at 2 W | for 4 W, at 2 W | for 5 W, at 3 W | "
      "for 4 W, at 3 W | moving its data once more at 10 GB/s |\n|---|---|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < shown; ++i) {
    const NetworkLayer& layer = network[i];
    fmt::print("| {} | {:.2f} ms", layer.name, layer.duration / milliseconds(1));
    for (const Watts rest : rests)
      for (const Watts seen : {paper_high, paper_low})
        fmt::print(" | {:.2f} ms",
                   layer.duration * (1 / duty_for(nano_power, seen, rest) - 1) / milliseconds(1));
    fmt::print(" | {:.2f} ms |\n", 1e3 * layer.bytes / 1e10);
  }
}

// The share of the gap between 6 W and what is read that needs no difference in the layer.
void print_needed_duty_table() {
  begin_table("alone-needed");
  fmt::print(
      "| what the rest of the loop draws | layer alone truly 6 W, read as 5 W | read as 4 W | "
      "truly 5 W, read as 4 W |\n|---|---|---|---|\n");
  for (const Watts rest : {Watts{1.5}, Watts{2}, Watts{3}, Watts{3.5}})
    fmt::print("| {:.1f} W | {:.0f} % of the loop | {:.0f} % | {:.0f} % |\n", rest.value(),
               100 * duty_for(nano_power, paper_high, rest), 100 * duty_for(nano_power, paper_low, rest),
               100 * duty_for(paper_high, paper_low, rest));
}

}  // namespace layerwatt::reanalysis
