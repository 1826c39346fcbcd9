// SPDX-License-Identifier: Apache-2.0
// Is the simulated register what the formula says? Two ways to the same numbers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reanalysis/tables.h"

namespace layerwatt::reanalysis {

namespace {

// Of background noise, so that steps of 40 mW average out, and nothing else.
constexpr Unrest calm{0, 0, 0, Watts{0.08}};

// The largest difference between the formula and the simulated register, in parts of what may lie between
// them. That is the scatter of a layer's readings, and the wandering of the mean that all layers share, both
// at four standard errors, and
//  5 mW: the product of two averaged registers lacks the covariance of current and voltage, R var(P) / V^2,
//        0.03 x 2^2 / 25 at these powers;
//  5 mW: half a step of the bus register, 4 mV x 1.2 A, which nothing averages out;
//  3 mW: the register steps once a cycle, which shifts what each change of power between layers does by up to
//        (cycle / tau)^2 / 8 of that change: 0.1 mW, with changing signs, times some hundred changes in tau.
double difference(const Workload& workload, const Method& method, const Method& formulas_method) {
  const Observation seen = observed(workload, method);
  const auto formula = predicted(workload, formulas_method, seen.cycle);
  const double wandering = 2 * (method.tau(seen.cycle) / seen.length);
  double worst = 0;
  for (std::size_t i = 0; i < formula.size(); ++i) {
    const LayerSeen& layer = seen.layers[i];
    const double variance = 1 / static_cast<double>(layer.readings) + wandering;
    const double allowed = 4 * seen.readings_deviation.value() * std::sqrt(variance) + 0.013;
    worst = std::max(worst, std::abs(layer.power.value() - formula[i]) / allowed);
  }
  return worst;
}

bool judged(const std::string& name, double worst, bool should_agree) {
  const bool good = (worst <= 1) == should_agree;
  fmt::print("{:50} largest difference {:.2f} of what is allowed: {}\n", name, worst,
             good ? "as it should be" : "WRONG");
  return good;
}

}  // namespace

bool check_formula() {
  const auto network = nano_network();
  const Method shipped = nano_as_shipped();
  Method half = shipped;
  half.sensor.averaging /= 2;
  bool good = true;
  for (const Case& one : cases(network, nano_power, nano_idle)) {
    Workload workload = nano_workload(network, one);
    workload.inferences = 3000;
    workload.unrest = calm;
    good &= judged("Nano, " + one.name, difference(workload, shipped, shipped), true);
    if (one.name == slowest_case)
      good &= judged("the same, formula for an average over 32", difference(workload, shipped, half), false);
  }
  Workload lone = alone(nano_power, milliseconds(0.5), 0.5, Watts{2});
  lone.unrest = calm;
  good &= judged("Nano, a layer alone", difference(lone, shipped, shipped), true);
  return good;
}

}  // namespace layerwatt::reanalysis
