// SPDX-License-Identifier: Apache-2.0
// One measurement of the papers, SIMULATED: a board runs inferences of known power, an INA3221 watches,
// readings are given to layers chronologically. What the layers drew and what they seem to draw.
#pragma once
#include <cstdint>
#include <vector>

#include "attribution/profile.h"
#include "core/result.h"
#include "reanalysis/exponential_average.h"
#include "simulation/scenario.h"

namespace layerwatt::reanalysis {

// What else varies. Deviations are relative but for the background.
struct Unrest {
  double layer_power = 0.02, inference_power = 0.01, layer_time = 0.015;
  Watts background{0.08};  // Ornstein-Uhlenbeck, 3 ms
};

// load, layers, residual, unload, gap, and again.
struct Workload {
  std::vector<Piece> layers;
  Moment load{}, residual{}, unload{};  // residual: between the last layer and the end of computing
  Watts host{};                         // drawn during load, residual and unload
  Moment gap{}, gap_jitter{};           // gap + jitter x |normal|
  Watts idle{};
  std::uint32_t inferences = 1000;
  Unrest unrest;

  [[nodiscard]] std::vector<Piece> cycle() const;  // the mean one, from load to gap
  [[nodiscard]] Watts mean() const;                // of that
};

struct LayerSeen {
  Watts truth{};  // mean over the inferences that were run
  Watts power{};  // as mapped
  std::size_t readings = 0;
};

struct Observation {
  std::vector<LayerSeen> layers;
  Watts readings_deviation{};  // of single readings, from their mean
  double autocorrelation = 0;  // of one reading with the next
  Moment length{};             // of the run
  Moment cycle{};              // of the simulated chip
};

struct Method {
  simulation::SensorSettings sensor;
  bool stacked = true;
  bool exact_stamps = false;  // readings are booked at the middle of their conversion, which no reader knows
  // How late a reading's moment is after what its register held on average; for the formula.
  [[nodiscard]] Moment delay() const;
  [[nodiscard]] Moment tau(Moment cycle) const;
};

// The Nano and TX1 as their device trees set the chip up, 0x7607, and in the driver's other mode, not
// averaged.
Method nano_as_shipped(), nano_triggered(), tx1_as_shipped(), tx1_triggered();
Method with_exact_stamps(Method method);

// not_found: a layer in which nothing was read. The register begins where many inferences have left it.
Result<Observation> observe(const Workload& workload, const Method& method, std::uint64_t seed);

}  // namespace layerwatt::reanalysis
