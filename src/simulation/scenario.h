// SPDX-License-Identifier: Apache-2.0
// The simulator as a test instrument for attribution: a made-up network runs, a sensor of a known kind
// watches it, and what each layer really drew is known. docs/scenario-format.md documents every field, so
// that other estimators can be judged by the same runs. Everything here is SIMULATED.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "simulation/true_power.h"
#include "timeline/timeline.h"

namespace layerwatt::simulation {

constexpr Moment microseconds(double us) { return Moment{us * 1e3}; }

enum class PowerProfile { varied, flat, outlier, alternating };

struct NetworkSettings {
  PowerProfile profile = PowerProfile::varied;
  std::uint32_t layers = 65;
  Moment length = microseconds(17'000);  // of all layers
  Moment shortest = microseconds(8), longest = microseconds(1'200);
  double spread = 1.1;  // standard deviation of the logarithm of durations
  Watts idle{1.8};
  bool types_tell = false;  // alternating: name even and odd layers' types differently
};

enum class Dither { uniform, golden };

struct RunSettings {
  std::uint32_t inferences = 1000;
  Moment gap = microseconds(2'000);       // between inferences, at least
  Moment gap_jitter = microseconds(150);  // times |normal|
  double long_gaps = 0.01;                // share of gaps with up to 5 ms more
  Moment dither{};                        // more gap, 0 to this
  Dither dither_mode = Dither::uniform;
  std::optional<Moment> timer;  // inferences begin at this period instead of after a gap
  Moment timer_jitter = microseconds(20);
  double layer_time_jitter = 0.015, inference_time_jitter = 0.005;  // relative standard deviations
  double layer_power_jitter = 0.02, inference_power_jitter = 0.01;
  double drift = 0.05;
  Moment drift_time{60e9};
  double step = 0;       // rise of all power at half of the inferences
  double preempted = 0;  // share of inferences in which a layer loses 0.1 to 2 ms
  Watts noise{0.08};     // what else the board does: Ornstein-Uhlenbeck
  Moment noise_time = microseconds(3'000);
  double bursts = 0;  // of 0.6 W and 5 ms, an inference
  Moment supply_tail{};
  Moment mark_jitter = microseconds(2);  // standard deviation of each mark
  Moment mark_bias{};                    // standard deviation of the constant error of each boundary
  Moment idle_before = microseconds(10'000), idle_after = microseconds(10'000);
};

enum class SensorKind {
  ina3221,    // converts by itself; every update is read once
  polled,     // the same, read at the sampler's own pace: updates are missed or read twice
  triggered,  // an INA3221 that converts when it is read
  counter,    // of energy, ticking by itself
  window      // mean power over a window, now and then
};

struct SensorSettings {
  SensorKind kind = SensorKind::ina3221;
  std::uint32_t rails = 1;     // 1 to 3: channels that are read
  std::uint32_t channels = 3;  // 1 to 3: channels that are converted
  Moment shunt_conversion = microseconds(332), bus_conversion = microseconds(204);
  int averaging = 1;                   // exponential
  Watts noise{0.03};                   // of one conversion or window
  Watts quantum{0.007};                // of a power; an INA3221's comes from its shunt
  Joules tick{61e-6};                  // of a counter
  double oscillator_tolerance = 0.01;  // standard deviation
  double wander = 30e-6;
  std::optional<Moment> lag;  // from the end of a conversion to the earliest read; empty: 0 to 3 ms
  Moment least_latency = microseconds(100), most_latency = microseconds(300);  // on top of the lag
  double late = 0;                       // share of reads that are late by 1 ms more, exponential
  Moment read_time = microseconds(150);  // from a reading's `before` to its `after`
  std::uint32_t read_every = 1;          // ina3221: of so many updates one is read
  double missed = 0;                     // ina3221, window: share of updates that are not read, at random
  Moment period = microseconds(1'600);   // polled, triggered: between reads; counter, window: between updates
  Moment period_jitter = microseconds(60);
  Moment window = microseconds(25'000);  // window: what a value is the mean over
  Moment poll = microseconds(15);        // counter: between reads
};

struct Scenario {
  std::string name = "varied";
  std::uint64_t seed = 1;
  NetworkSettings network;
  RunSettings run;
  SensorSettings sensor;
};

// What an estimator is judged by, and what a bound may know. None of it is in the Timeline.
struct ScenarioTruth {
  struct Layer {
    Joules energy{};      // mean over the inferences, at the layer's own power: what is to be found
    Joules background{};  // what else the board drew meanwhile, mean
    Moment duration{};    // mean
  };
  std::vector<std::vector<Layer>> layers;  // [rail][layer]
  std::vector<Watts> outside;              // [rail]: mean power while no layer ran, background included
  std::vector<Joules> drawn;               // [rail]: integral of the true power over the whole run
  Moment length{};                         // of the whole run
  // Mean of stamp - newest moment that the reading saw, for both stamps, first rail.
  Moment lag_before{}, lag_after{};
  Moment period{}, window{};                 // of the real oscillator
  std::vector<std::vector<Instant>> newest;  // [rail][reading]: the newest moment it saw
  std::vector<Instant> boundaries;           // true, inference by inference, layers + 1 each
};

struct ScenarioRun {
  Timeline timeline;
  ScenarioTruth truth;
};

// malformed: a setting that makes no sense, named in `where`.
Result<ScenarioRun> simulate(const Scenario& scenario);

// Sensors as boards boot them, by name: "fast" (332/204 us, not averaged), "nano", "tx2", "hwmon-reset",
// "orin", "triggered", "rapl", "nvml". Empty when there is none of that name.
std::optional<SensorSettings> sensor_named(std::string_view name);
std::vector<std::string> sensor_names();

}  // namespace layerwatt::simulation
