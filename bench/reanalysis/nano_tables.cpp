// SPDX-License-Identifier: Apache-2.0
// Figure 2 of the Nano paper: the power of each layer of MobileNetV2, nearly the same for all.
#include <fmt/format.h>

#include <algorithm>

#include "reanalysis/figure.h"
#include "reanalysis/tables.h"
#include "simulation/score.h"

namespace layerwatt::reanalysis {

namespace {

void draw_network(const std::vector<NetworkLayer>& network, const Comparison& one) {
  std::vector<double> lengths;
  for (const NetworkLayer& layer : network) lengths.push_back(layer.duration / milliseconds(1));
  Figure figure;
  figure.title = "SIMULATED: layers of random power, MobileNetV2 on a Nano, and what two ways to read show";
  figure.x_name = "time since the first layer began, ms";
  figure.y_name = "power, W";
  figure.x_high = 17;
  figure.x_step = 1;
  figure.y_high = 10;
  figure.y_step = 2;
  figure.lines = {
      steps("true power", "#888888", lengths, truths(one.shipped)),
      steps("triggered, exact stamps", "#1f77b4", lengths, apparent(one.exact)),
      steps("as shipped: average over 64", "#d62728", lengths, apparent(one.shipped)),
  };
  fmt::print("@@ figure reanalysis-layers.svg\n{}", svg(figure));
}

}  // namespace

void print_network_tables() {
  const auto network = nano_network();
  const Method shipped = nano_as_shipped();
  std::string readings =
      "| true powers | as shipped: sd of a reading | correlation with the next | triggered: sd of a reading "
      "| correlation with the next |\n|---|---|---|---|---|\n";
  begin_table("nano-spread");
  print_spread_head();
  Comparison drawn;
  for (const Case& one : cases(network, nano_power, nano_idle)) {
    Comparison result = compare(nano_workload(network, one), shipped, nano_triggered());
    print_spread_row(one.name, result, shipped);
    readings += fmt::format("| {} | {:.2f} W | {:.2f} | {:.2f} W | {:+.2f} |\n", one.name,
                            result.shipped.readings_deviation.value(), result.shipped.autocorrelation,
                            result.triggered.readings_deviation.value(), result.triggered.autocorrelation);
    if (one.name == random_case) drawn = std::move(result);
  }
  begin_table("nano-readings");
  fmt::print("{}", readings);
  draw_network(network, drawn);
}

// One layer that draws 1 W more than all others, by the formula alone: where in the readings its watt is.
void print_contrast_table() {
  constexpr Moment beside = milliseconds(0.01), period = nano_latency + nano_gap;
  const Method shipped = nano_as_shipped();
  const Moment tau = shipped.tau(6 * shipped.sensor.shunt_conversion);
  begin_table("contrast");
  fmt::print(
      "| the layer lasts | own contrast, W per W | just before | just after | d (1 - d/T) / 2 tau |\n"
      "|---|---|---|---|---|\n");
  for (const double length_ms : {0.1, 0.3, 1.0, 3.0}) {
    const Moment length = milliseconds(length_ms);
    const std::vector<Piece> pieces = {
        {beside, {}}, {length, Watts{1}}, {beside, {}}, {period - length - 2 * beside, {}}};
    const auto seen = averaged_powers(pieces, tau, Moment{});
    const double mean = length / period;
    fmt::print("| {:.1f} ms | {:+.4f} | {:+.4f} | {:+.4f} | {:.4f} |\n", length_ms, seen[1].value() - mean,
               seen[0].value() - mean, seen[2].value() - mean, length / (2 * tau) * (1 - mean));
  }
}

// Not one network but a thousand of each kind, by the formula: how far apart their layers can seem.
void print_draws_table() {
  constexpr std::uint64_t draws = 1000;
  const auto network = nano_network();
  const Method shipped = nano_as_shipped();
  begin_table("nano-draws");
  fmt::print(
      "| sd of the true powers | apparent sd, median | 95 % below | apparent range, median | 95 % below | "
      "largest |\n|---|---|---|---|---|---|\n");
  for (const double deviation : {0.5, 1.0, 1.5, 2.0, 3.0}) {
    std::vector<double> deviations, ranges;
    for (std::uint64_t draw = 1; draw <= draws; ++draw) {
      const Case one = random_draw(network, nano_power, nano_idle, Watts{deviation}, draw);
      const Workload workload = nano_workload(network, one);
      const Spread seen = spread_of(predicted(workload, shipped, 6 * shipped.sensor.shunt_conversion));
      deviations.push_back(seen.deviation);
      ranges.push_back(seen.high - seen.low);
    }
    const auto at = [](const std::vector<double>& values, double q) {
      return simulation::quantile(values, q).value_or(0);
    };
    fmt::print("| {:.1f} W | {:.3f} W | {:.3f} W | {:.2f} W | {:.2f} W | {:.2f} W |\n", deviation,
               at(deviations, 0.5), at(deviations, 0.95), at(ranges, 0.5), at(ranges, 0.95), at(ranges, 1));
  }
}

// How much of the result hangs on what was assumed: the same powers, other times.
void print_assumption_table() {
  struct Variant {
    const char* name;
    Moment latency, gap;
    double oscillator;
  };
  const Variant variants[] = {{"as above", nano_latency, nano_gap, 1},
                              {"22.5 ms, as for batch 1 of figure 7", milliseconds(22.5), nano_gap, 1},
                              {"gap of 5 ms", nano_latency, milliseconds(5), 1},
                              {"conversions of 154 us, the slowest allowed", nano_latency, nano_gap, 1.1}};
  const Method shipped = nano_as_shipped();
  begin_table("nano-assumptions");
  fmt::print(
      "| | random, 1.5 W: sd | range | first half 4 W above the second: sd | range |\n"
      "|---|---|---|---|---|\n");
  for (const Variant& variant : variants) {
    const auto network = nano_network(variant.latency);
    const auto all = cases(network, nano_power, nano_idle);
    fmt::print("| {}", variant.name);
    for (const char* name : {random_case, slowest_case}) {
      const auto one = std::find_if(all.begin(), all.end(), [&](const Case& c) { return c.name == name; });
      Workload workload = nano_workload(network, *one);
      workload.gap = variant.gap;
      const Moment cycle = variant.oscillator * 6 * shipped.sensor.shunt_conversion;
      const Spread spread = spread_of(predicted(workload, shipped, cycle));
      fmt::print(" | {:.3f} W | {} W", spread.deviation, range(spread, 2));
    }
    fmt::print(" |\n");
  }
}

}  // namespace layerwatt::reanalysis
