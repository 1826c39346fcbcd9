// SPDX-License-Identifier: Apache-2.0
// A run so simple that every answer can be worked out by hand: inferences exactly alike, each part at a
// constant power, read by a perfect sensor. For tests only.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "timeline/timeline.h"

namespace layerwatt::testing {

struct SimpleLayer {
  Nanoseconds duration;
  double watts;
};

struct SimpleRun {
  std::vector<SimpleLayer> layers{{std::chrono::milliseconds{4}, 5}, {std::chrono::milliseconds{6}, 3}};
  Nanoseconds load = std::chrono::milliseconds{1}, unload = std::chrono::milliseconds{1};
  Nanoseconds between = {};  // after each layer
  Nanoseconds pause = std::chrono::milliseconds{2};
  Nanoseconds idle = std::chrono::seconds{1};  // before and after
  Nanoseconds period = std::chrono::microseconds{100};
  double idle_watts = 1;  // also while loading, unloading, between layers and in pauses
  int inferences = 50, blocks = 10;
  int latency_inferences = 0;
  Nanoseconds latency_between = {};  // in place of `between`, in the latency pass
};

struct Stretch {
  Nanoseconds until;
  double watts;
};

// Lays the run out from time zero: idle, latency pass, energy pass, idle. Returns the true power, as
// stretches.
inline std::vector<Stretch> lay_out(const SimpleRun& run, Timeline& timeline) {
  using std::chrono::nanoseconds;
  std::vector<Stretch> power;
  Nanoseconds now{};
  const auto pass = [&](Nanoseconds time, double watts) {
    now += time;
    power.push_back({now, watts});
  };
  const auto at = [&] { return Instant{now}; };
  const auto infer = [&](Phase phase, std::uint32_t block, Nanoseconds between) {
    Inference one{phase, block, at(), {}, {}, {}};
    pass(run.load, run.idle_watts);
    one.compute_begin = at();
    for (std::uint32_t l = 0; l < run.layers.size(); ++l) {
      const Instant begin = at();
      pass(run.layers[l].duration, run.layers[l].watts);
      if (phase == Phase::energy)
        timeline.spans.push_back({l, static_cast<std::uint32_t>(timeline.inferences.size()), begin, at()});
      pass(between, run.idle_watts);
    }
    one.compute_end = at();
    pass(run.unload, run.idle_watts);
    one.unload_end = at();
    timeline.inferences.push_back(one);
  };
  timeline.complete = true;
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    Layer layer;
    layer.name = "layer" + std::to_string(l + 1);
    layer.type = l % 2 == 0 ? "Conv" : "Relu";
    timeline.layers.push_back(layer);
  }
  pass(run.idle, run.idle_watts);
  if (run.idle > nanoseconds{0}) timeline.phases.push_back({Phase::idle_before, 0, Instant{}, at()});
  const Instant latency_from = at();
  for (int i = 0; i < run.latency_inferences; ++i) infer(Phase::latency, 0, run.latency_between);
  if (run.latency_inferences > 0) timeline.phases.push_back({Phase::latency, 0, latency_from, at()});
  for (int b = 0; b < run.blocks; ++b) {
    const Instant from = at();
    for (int i = 0; i < run.inferences / run.blocks; ++i) {
      infer(Phase::energy, static_cast<std::uint32_t>(b), run.between);
      pass(run.pause, run.idle_watts);
    }
    timeline.phases.push_back({Phase::energy, static_cast<std::uint32_t>(b), from, at()});
  }
  const Instant after_from = at();
  pass(run.idle, run.idle_watts);
  if (run.idle > nanoseconds{0}) timeline.phases.push_back({Phase::idle_after, 0, after_from, at()});
  return power;
}

// The power of that moment, read every `period` from `period` / 2 on: no reading falls on an edge of a run
// whose times are multiples of the period, and trapezoids are exact at each step between two constant powers.
inline RailRecord read_power(const std::vector<Stretch>& power, Nanoseconds period) {
  RailRecord rail;
  rail.channel.rail = "VDD_IN";
  rail.channel.is_total = true;
  rail.channel.averaging = 1;
  rail.sensor = "ina3221";
  auto stretch = power.begin();
  for (Nanoseconds t = period / 2; t < power.back().until; t += period) {
    while (stretch->until <= t) ++stretch;
    rail.readings.push_back({Instant{t} - period / 4, Instant{t} + period / 4, Watts{stretch->watts}});
  }
  return rail;
}

// A counter of the same energy, read at multiples of the period; wraps at `wraps_at` when that is not zero.
inline RailRecord read_counter(const std::vector<Stretch>& power, Nanoseconds period, double wraps_at = 0) {
  RailRecord rail;
  rail.channel.rail = "package";
  rail.channel.meaning = Meaning::energy_total;
  rail.sensor = "counter";
  if (wraps_at > 0) rail.channel.wraps_at = Joules{wraps_at};
  double energy = 0;
  Nanoseconds now{};
  auto stretch = power.begin();
  while (now <= power.back().until) {
    rail.readings.push_back(
        {Instant{now}, Instant{now}, Joules{wraps_at > 0 ? std::fmod(energy, wraps_at) : energy}});
    Nanoseconds left = period;
    while (left > Nanoseconds{0} && stretch != power.end()) {
      const Nanoseconds step = std::min(left, stretch->until - now);
      energy += stretch->watts * seconds(step);
      now += step;
      left -= step;
      if (now == stretch->until) ++stretch;
    }
    if (stretch == power.end()) break;
  }
  return rail;
}

inline Timeline simple_run(const SimpleRun& run = {}) {
  Timeline timeline;
  timeline.rails.push_back(read_power(lay_out(run, timeline), run.period));
  return timeline;
}

}  // namespace layerwatt::testing
