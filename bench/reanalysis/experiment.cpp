// SPDX-License-Identifier: Apache-2.0
// Load, register model and mapping are the product's own; here they are only put in a row.
#include "reanalysis/experiment.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "simulation/load.h"
#include "simulation/read_plan.h"
#include "simulation/scenario_sensor.h"

namespace layerwatt::reanalysis {

namespace {

using simulation::microseconds;
using simulation::Random;

constexpr Moment rest_after = milliseconds(400);
constexpr Moment a_pump = milliseconds(50);

Instant stamp(Moment moment) {
  return Instant{Nanoseconds{static_cast<std::int64_t>(std::floor(moment.count() + 0.5))}};
}

class Board {
 public:
  Board(const Workload& workload, const Method& method, std::uint64_t seed)
      : workload_{workload},
        times_{seed, "times"},
        load_{load_of(workload), seed},
        sensor_{simulation::make_sensor(method.sensor, {workload.mean()}, seed)},
        exact_stamps_{method.exact_stamps},
        host_{static_cast<std::uint32_t>(workload.layers.size())},
        spent_(workload.layers.size()) {}

  void run();
  [[nodiscard]] Observation seen(const Profile& profile) const;
  Timeline timeline;

 private:
  static simulation::LoadSettings load_of(const Workload& workload);
  void infer(std::uint32_t inference);
  void work(std::uint32_t layer, std::uint32_t inference, Moment length);
  void idle_until(Moment until);
  void pump() { load_.power().forget_before(sensor_->advance(load_.power())); }
  void keep_readings();

  const Workload& workload_;
  Random times_;
  simulation::Load load_;
  std::unique_ptr<simulation::ScenarioSensor> sensor_;
  bool exact_stamps_;
  std::uint32_t host_;  // the load's index of loading, unloading and the residual
  std::vector<Moment> spent_;
  Moment now_{};
};

simulation::LoadSettings Board::load_of(const Workload& workload) {
  simulation::LoadSettings load;
  load.idle = {workload.idle};
  for (const Piece& layer : workload.layers) load.layers.push_back({layer.power});
  load.layers.push_back({workload.host});
  simulation::BackgroundSettings background;
  background.deviation = workload.unrest.background;
  load.background = {background};
  load.background_shares = {{1}};
  load.layer_jitter = workload.unrest.layer_power;
  load.inference_jitter = workload.unrest.inference_power;
  return load;
}

void Board::run() {
  for (const Piece& layer : workload_.layers) {
    static_cast<void>(layer);
    timeline.layers.emplace_back().name = "layer" + std::to_string(timeline.layers.size());
  }
  for (std::uint32_t i = 0; i < workload_.inferences; ++i) infer(i);
  idle_until(now_ + rest_after);
  const Instant first = timeline.inferences.front().load_begin, last = timeline.inferences.back().unload_end;
  timeline.phases = {{Phase::energy, 0, first, last}, {Phase::idle_after, 0, last, stamp(now_ + rest_after)}};
  timeline.complete = true;
  keep_readings();
}

void Board::infer(std::uint32_t inference) {
  Inference one;
  idle_until(now_);
  one.load_begin = stamp(now_);
  work(host_, inference, workload_.load);
  one.compute_begin = stamp(now_);
  for (std::uint32_t layer = 0; layer < host_; ++layer) {
    const double factor = std::max(1 + workload_.unrest.layer_time * times_.normal(), 0.2);
    const Instant begin = stamp(now_);
    const Moment length = factor * workload_.layers[layer].length;
    work(layer, inference, length);
    spent_[layer] += length;
    timeline.spans.push_back({layer, inference, begin, stamp(now_)});
  }
  work(host_, inference, workload_.residual);
  one.compute_end = stamp(now_);
  work(host_, inference, workload_.unload);
  one.unload_end = stamp(now_);
  timeline.inferences.push_back(one);
  now_ += workload_.gap + workload_.gap_jitter * std::abs(times_.normal());
  pump();
}

void Board::work(std::uint32_t layer, std::uint32_t inference, Moment length) {
  if (length.count() <= 0) return;
  load_.run({layer, inference, now_, now_ + length, Moment{}});
  now_ += length;
}

void Board::idle_until(Moment until) {
  for (Moment at = load_.power().known_until() + a_pump; at < until; at += a_pump) {
    load_.idle_until(at);
    pump();
  }
  load_.idle_until(until);
  pump();
}

void Board::keep_readings() {
  RailRecord rail;
  rail.sensor = "virtual";
  rail.channel = sensor_->channel();
  rail.channel.rail = "TOTAL";
  rail.channel.origin = Origin::simulated;
  for (const auto& one : sensor_->delivered().front()) {
    const Moment seen = exact_stamps_ ? one.newest - sensor_->window() / 2 : (one.before + one.after) / 2;
    rail.readings.push_back({stamp(seen), stamp(seen), one.value});  // the papers give it to one layer
  }
  timeline.rails.push_back(std::move(rail));
}

// Of the readings between two moments: their standard deviation, and how alike neighbours are.
void describe_readings(const std::vector<Reading>& readings, Instant from, Instant to, Observation& seen) {
  std::vector<double> values;
  for (const Reading& reading : readings)
    if (reading.before >= from && reading.after <= to)
      values.push_back(std::get<Watts>(reading.value).value());
  if (values.size() < 3) return;
  double mean = 0, squares = 0, products = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    squares += (values[i] - mean) * (values[i] - mean);
    if (i > 0) products += (values[i] - mean) * (values[i - 1] - mean);
  }
  seen.readings_deviation = Watts{std::sqrt(squares / static_cast<double>(values.size() - 1))};
  seen.autocorrelation = squares > 0 ? products / squares : 0;
}

Observation Board::seen(const Profile& profile) const {
  Observation observation;
  observation.length = load_.power().known_until();
  observation.cycle = sensor_->period();
  for (std::size_t l = 0; l < spent_.size(); ++l) {
    const LayerEnergy& mapped = profile.rails.front().layers[l];
    const Watts truth = mean_power(load_.account(0, l).by_layer, spent_[l]);
    observation.layers.push_back({truth, mapped.power.value_or(Watts{}), mapped.readings});
  }
  describe_readings(timeline.rails.front().readings, timeline.inferences.front().load_begin,
                    timeline.inferences.back().unload_end, observation);
  return observation;
}

}  // namespace

std::vector<Piece> Workload::cycle() const {
  constexpr double mean_absolute = 0.7978845608;  // of a normal
  std::vector<Piece> pieces{{load, host}};
  pieces.insert(pieces.end(), layers.begin(), layers.end());
  pieces.push_back({residual, host});
  pieces.push_back({unload, host});
  pieces.push_back({gap + mean_absolute * gap_jitter, idle});
  return pieces;
}

Watts Workload::mean() const {
  Joules drawn{};
  Moment time{};
  for (const Piece& piece : cycle()) {
    drawn += energy(piece.power, piece.length);
    time += piece.length;
  }
  return mean_power(drawn, time);
}

Moment Method::tau(Moment cycle) const { return time_constant(cycle, sensor.averaging); }

// A register is half a conversion behind on average, beyond its time constant, and is fetched before the
// moment that its reading is booked at, halfway through the call.
Moment Method::delay() const {
  return sensor.shunt_conversion / 2 + (0.5 - simulation::ReadPlan::shunt_fetched) * 1.1 * sensor.read_time;
}

namespace {

Method as_shipped(Watts quantum) {
  Method method;
  method.sensor = *simulation::sensor_named("nano");
  method.sensor.kind = simulation::SensorKind::polled;
  method.sensor.quantum = quantum;
  return method;
}

Method triggered(Watts quantum) {
  Method method;
  method.sensor = *simulation::sensor_named("triggered");
  method.sensor.quantum = quantum;
  return method;
}

constexpr Watts nano_quantum{0.04};  // 40 uV / 5 mOhm x 5 V
constexpr Watts tx1_quantum{0.038};  // 40 uV / 20 mOhm x 19 V, VDD_IN

}  // namespace

// Reads of 1.6 ms follow each other without pause (Holly 2020, III.A). A polled read takes 1.1 x read_time.
Method nano_as_shipped() {
  Method method = as_shipped(nano_quantum);
  method.sensor.period = Moment{};
  method.sensor.read_time = microseconds(1'600 / 1.1);
  return method;
}

Method nano_triggered() { return triggered(nano_quantum); }

Method tx1_as_shipped() {
  Method method = as_shipped(tx1_quantum);
  method.sensor.period = microseconds(1'000);
  method.sensor.read_time = microseconds(270);
  method.stacked = false;
  return method;
}

Method tx1_triggered() {
  Method method = triggered(tx1_quantum);
  method.sensor.period = microseconds(1'000);
  method.stacked = false;
  return method;
}

Method with_exact_stamps(Method method) {
  method.exact_stamps = true;
  return method;
}

Result<Observation> observe(const Workload& workload, const Method& method, std::uint64_t seed) {
  Board board{workload, method, seed};
  board.run();
  AttributionOptions options;
  options.method = "chronological";
  options.stacked = method.stacked;
  const auto profile = attribute(board.timeline, options);
  if (!profile) return profile.error();
  if (profile->rails.empty()) return Error{Errc::not_found, "simulated run", "no readings"};
  for (const LayerEnergy& layer : profile->rails.front().layers)
    if (!layer.power) return Error{Errc::not_found, "simulated run", "a layer in which nothing was read"};
  return board.seen(*profile);
}

}  // namespace layerwatt::reanalysis
