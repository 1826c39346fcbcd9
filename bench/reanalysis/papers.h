// SPDX-License-Identifier: Apache-2.0
// The measurements of the two papers as far as they say how they were made, and, marked ASSUMED, what has to
// be filled in to simulate them. docs/reanalysis-holly2020.md lists both.
#pragma once
#include <string>
#include <vector>

#include "reanalysis/cases.h"

namespace layerwatt::reanalysis {

constexpr std::uint64_t seed = 2020;
constexpr std::uint32_t papers_inferences = 30'000;  // Holly 2020, III.B
constexpr Moment nano_latency = milliseconds(17);    // Holly 2020, III.C, MobileNetV2 at 921 MHz
constexpr Watts nano_power{6};                       // Holly 2020, III.D on figure 10
// ASSUMED: what the paper does not say.
constexpr Watts nano_idle{2}, nano_host{3};
constexpr Moment nano_load = milliseconds(0.2), nano_unload = milliseconds(0.1);
constexpr Moment nano_residual = milliseconds(0.3), nano_gap = milliseconds(0.5);
constexpr Moment gap_jitter = milliseconds(0.15);
constexpr Watts tx1_power{9}, tx1_idle{3.5}, tx1_host{5};
constexpr std::uint32_t tx1_inferences = 3000;
constexpr Watts paper_low{4}, paper_high{5};  // Holly 2020, III.D: layers alone

std::vector<NetworkLayer> nano_network(Moment latency = nano_latency);
Workload nano_workload(const std::vector<NetworkLayer>& network, const Case& powers);
Workload tx1_workload(const std::vector<NetworkLayer>& network, const Case& powers);

// A layer alone in a loop, of which it takes the share `duty`; the rest of the loop draws `rest`.
Workload alone(Watts power, Moment duration, double duty, Watts rest);

// Ends the program when the run cannot be simulated.
Observation observed(const Workload& workload, const Method& method);

// What the formula says the layers of a workload seem to draw, in watts.
std::vector<double> predicted(const Workload& workload, const Method& method, Moment cycle);

}  // namespace layerwatt::reanalysis
