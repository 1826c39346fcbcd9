// SPDX-License-Identifier: Apache-2.0
// One inference after another: true times, true power, and the marks a runner would have set.
#include "simulation/scenario.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "simulation/load.h"
#include "simulation/scenario_check.h"
#include "simulation/scenario_sensor.h"
#include "simulation/synthetic_network.h"

namespace layerwatt::simulation {

namespace {

constexpr double rail_sizes[] = {1, 0.6, 0.2};  // of the power, for each rail that is read
constexpr double golden_ratio = 0.6180339887498949;
constexpr Moment least_pause = microseconds(5);  // between inferences that a timer starts
constexpr Moment longest_gap_more = microseconds(5'000);
constexpr Moment least_stolen = microseconds(100), most_stolen = microseconds(2'000);
constexpr Moment burst_length = microseconds(5'000);
constexpr Moment a_pump = microseconds(50'000);
constexpr double widest_jitter = 6;  // standard deviations

Instant stamp(Moment moment) {
  return Instant{Nanoseconds{static_cast<std::int64_t>(std::floor(moment.count() + 0.5))}};
}

struct Rails {
  std::vector<Watts> idle;                 // [rail]
  std::vector<std::vector<Watts>> layers;  // [layer][rail]
};

Rails rails_of(const Scenario& scenario, const SyntheticNetwork& network, Random& random) {
  Rails rails;
  rails.layers.resize(network.powers.size());
  for (std::uint32_t rail = 0; rail < scenario.sensor.rails; ++rail) {
    const auto powers = rail == 0 ? network.powers : make_powers(scenario.network, random);
    for (std::size_t layer = 0; layer < powers.size(); ++layer)
      rails.layers[layer].push_back(rail_sizes[rail] * powers[layer]);
    rails.idle.push_back(rail_sizes[rail] * scenario.network.idle);
  }
  return rails;
}

// How long an inference takes on average, gap and all: what rates "an inference" are turned into seconds by.
Moment usual_period(const Scenario& scenario) {
  const RunSettings& run = scenario.run;
  if (run.timer) return *run.timer;
  return scenario.network.length + run.gap + 0.8 * run.gap_jitter + 0.5 * run.dither +
         run.long_gaps * 0.5 * longest_gap_more;
}

LoadSettings load_of(const Scenario& scenario, const Rails& rails) {
  const RunSettings& run = scenario.run;
  LoadSettings load;
  load.idle = rails.idle;
  load.layers = rails.layers;
  for (std::uint32_t rail = 0; rail < scenario.sensor.rails; ++rail) {
    BackgroundSettings background;
    background.deviation = rail_sizes[rail] * run.noise;
    background.correlation = run.noise_time;
    background.bursts_per_second = run.bursts / seconds(usual_period(scenario));
    background.burst = rail_sizes[rail] * background.burst;
    background.burst_length = burst_length;
    load.background.push_back(background);
    load.background_shares.emplace_back(scenario.sensor.rails, 0.0);
    load.background_shares.back()[rail] = 1;
  }
  load.drift = run.drift;
  load.drift_time = run.drift_time;
  load.layer_jitter = run.layer_power_jitter;
  load.inference_jitter = run.inference_power_jitter;
  load.supply_tail = run.supply_tail;
  return load;
}

class Simulation {
 public:
  explicit Simulation(const Scenario& scenario)
      : scenario_{scenario},
        run_{scenario.run},
        drawn_{scenario.seed, "network"},
        network_{make_network(scenario.network, drawn_)},
        rails_{rails_of(scenario, network_, drawn_)},
        times_{scenario.seed, "times"},
        marks_{scenario.seed, "marks"},
        load_{load_of(scenario, rails_), scenario.seed},
        sensor_{make_sensor(scenario.sensor, rails_.idle, scenario.seed)} {
    for (std::size_t i = 0; i <= network_.durations.size(); ++i)
      bias_.push_back(run_.mark_bias * std::clamp(marks_.normal(), -widest_jitter, widest_jitter));
  }

  ScenarioRun all();

 private:
  [[nodiscard]] double factor(double deviation) {
    return 1 + deviation * std::clamp(times_.normal(), -widest_jitter, widest_jitter);
  }
  Moment begin_of(std::uint32_t inference);
  void infer(std::uint32_t inference, Moment begin);
  void mark(std::uint32_t inference);
  void idle_until(Moment until);
  void pump() { load_.power().forget_before(sensor_->advance(load_.power())); }
  void describe();
  void keep_readings();
  void keep_truth();

  const Scenario& scenario_;
  const RunSettings& run_;
  Random drawn_;
  SyntheticNetwork network_;
  Rails rails_;
  Random times_, marks_;
  Load load_;
  std::unique_ptr<ScenarioSensor> sensor_;
  std::vector<Moment> bias_;        // of each boundary's marks
  std::vector<Moment> boundaries_;  // true, of this inference
  Moment end_{};                    // of the last inference
  Moment last_mark_{};
  std::vector<Moment> spent_;  // by each layer, sum
  ScenarioRun done_;
};

ScenarioRun Simulation::all() {
  const std::size_t layers = network_.durations.size();
  spent_.resize(layers);
  done_.timeline.spans.reserve(layers * run_.inferences);
  done_.timeline.inferences.reserve(run_.inferences);
  done_.truth.boundaries.reserve((layers + 1) * run_.inferences);
  end_ = run_.idle_before;
  for (std::uint32_t i = 0; i < run_.inferences; ++i) {
    if (run_.step != 0 && i == run_.inferences / 2) load_.set_level(1 + run_.step);
    infer(i, begin_of(i));
    mark(i);
    pump();
  }
  idle_until(end_ + run_.idle_after);
  describe();
  keep_readings();
  keep_truth();
  return std::move(done_);
}

Moment Simulation::begin_of(std::uint32_t inference) {
  const double part = run_.dither_mode == Dither::golden
                          ? inference * golden_ratio - std::floor(inference * golden_ratio)
                          : times_.uniform();
  const Moment dither = part * run_.dither;
  if (run_.timer) {
    const Moment due =
        run_.idle_before + inference * *run_.timer + run_.timer_jitter * times_.normal() + dither;
    return std::max(due, end_ + (inference > 0 ? least_pause : Moment{}));
  }
  if (inference == 0) return run_.idle_before;
  Moment gap = run_.gap + run_.gap_jitter * std::abs(times_.normal()) + dither;
  if (run_.long_gaps > 0 && times_.uniform() < run_.long_gaps) gap += times_.uniform() * longest_gap_more;
  return end_ + gap;
}

void Simulation::infer(std::uint32_t inference, Moment begin) {
  idle_until(begin);
  const double common = factor(run_.inference_time_jitter);
  const double stolen_chance = run_.preempted / static_cast<double>(network_.durations.size());
  boundaries_.assign(1, begin);
  for (std::uint32_t layer = 0; layer < network_.durations.size(); ++layer) {
    const double own = std::max(common * factor(run_.layer_time_jitter), 0.2);
    Moment stolen{};
    if (stolen_chance > 0 && times_.uniform() < stolen_chance)
      stolen = least_stolen + times_.uniform() * (most_stolen - least_stolen);
    const Moment length = own * network_.durations[layer] + stolen;
    load_.run({layer, inference, boundaries_.back(), boundaries_.back() + length, stolen});
    boundaries_.push_back(boundaries_.back() + length);
    spent_[layer] += length;
  }
  end_ = boundaries_.back();
}

// Marks come in order, whatever their errors.
void Simulation::mark(std::uint32_t inference) {
  std::vector<Instant> marks;
  for (std::size_t i = 0; i < boundaries_.size(); ++i) {
    const Moment marked = boundaries_[i] + bias_[i] + run_.mark_jitter * marks_.normal();
    last_mark_ = std::max(last_mark_, marked);
    marks.push_back(stamp(last_mark_));
    done_.truth.boundaries.push_back(stamp(boundaries_[i]));
  }
  for (std::uint32_t layer = 0; layer + 1 < marks.size(); ++layer)
    done_.timeline.spans.push_back({layer, inference, marks[layer], marks[layer + 1]});
  done_.timeline.inferences.push_back(
      {Phase::energy, 0, marks.front(), marks.front(), marks.back(), marks.back()});
}

void Simulation::idle_until(Moment until) {
  for (Moment at = load_.power().known_until() + a_pump; at < until; at += a_pump) {
    load_.idle_until(at);
    pump();
  }
  load_.idle_until(until);
  pump();
}

void Simulation::describe() {
  Timeline& timeline = done_.timeline;
  timeline.complete = true;
  timeline.circumstances["simulation"] = "scenario " + scenario_.name + ", everything in it SIMULATED";
  timeline.circumstances["seed"] = std::to_string(scenario_.seed);
  for (std::size_t i = 0; i < network_.durations.size(); ++i) {
    Layer layer;
    layer.name = "layer" + std::to_string(i);
    const bool alternates = scenario_.network.profile == PowerProfile::alternating;
    layer.type = !scenario_.network.types_tell || !alternates ? "Synthetic" : i % 2 == 0 ? "Even" : "Odd";
    timeline.layers.push_back(std::move(layer));
  }
  const Instant first = timeline.inferences.front().load_begin, last = timeline.inferences.back().unload_end;
  timeline.phases = {{Phase::idle_before, 0, Instant{}, first},
                     {Phase::energy, 0, first, last},
                     {Phase::idle_after, 0, last, std::max(last, stamp(load_.power().known_until()))}};
}

void Simulation::keep_readings() {
  for (std::uint32_t rail = 0; rail < scenario_.sensor.rails; ++rail) {
    RailRecord record;
    record.sensor = "virtual";
    record.device = "scenario";
    record.channel = sensor_->channel();
    record.channel.rail = "RAIL" + std::to_string(rail);
    record.channel.origin = Origin::simulated;
    std::vector<Instant>& newest = done_.truth.newest.emplace_back();
    for (const Delivered& one : sensor_->delivered()[rail]) {
      record.readings.push_back({stamp(one.before), stamp(one.after), one.value});
      newest.push_back(stamp(one.newest));
    }
    done_.timeline.rails.push_back(std::move(record));
  }
}

void Simulation::keep_truth() {
  ScenarioTruth& truth = done_.truth;
  const double inferences = run_.inferences;
  truth.length = load_.power().known_until();
  Moment busy{};
  for (const Moment spent : spent_) busy += spent;
  for (std::uint32_t rail = 0; rail < scenario_.sensor.rails; ++rail) {
    auto& layers = truth.layers.emplace_back();
    for (std::size_t layer = 0; layer < spent_.size(); ++layer) {
      const Load::Account& account = load_.account(rail, layer);
      layers.push_back(
          {account.by_layer / inferences, account.background / inferences, spent_[layer] / inferences});
    }
    const Moment idle = truth.length - busy;
    truth.outside.push_back(idle.count() > 0 ? mean_power(load_.outside(rail), idle) : Watts{});
    truth.drawn.push_back(load_.power().drawn(rail));
  }
  truth.period = sensor_->period();
  truth.window = sensor_->window();
  const auto& first = sensor_->delivered().front();
  for (const Delivered& one : first) {
    truth.lag_before += (one.before - one.newest) / static_cast<double>(first.size());
    truth.lag_after += (one.after - one.newest) / static_cast<double>(first.size());
  }
}

}  // namespace

Result<ScenarioRun> simulate(const Scenario& scenario) {
  if (const auto sound = check(scenario); !sound) return sound.error();
  return Simulation{scenario}.all();
}

}  // namespace layerwatt::simulation
