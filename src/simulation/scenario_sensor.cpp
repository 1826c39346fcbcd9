// SPDX-License-Identifier: Apache-2.0
// What the sensors of scenarios have in common.
#include "simulation/scenario_sensor.h"

#include <algorithm>
#include <cmath>

namespace layerwatt::simulation {

namespace {

constexpr Moment latest_lag = microseconds(3'000), mean_lateness = microseconds(1'000);
constexpr Moment between_reads = microseconds(1);

}  // namespace

Delivery::Delivery(const SensorSettings& settings, std::uint64_t seed)
    : settings_{settings}, random_{seed, "delivery"} {
  const double drawn = random_.uniform();  // also when it is not needed: a given lag changes nothing else
  lag_ = settings.lag.value_or(drawn * latest_lag);
}

Delivered Delivery::read(Moment newest, Value value) {
  Moment before =
      newest + lag_ +
      random_.uniform(settings_.least_latency.count(), settings_.most_latency.count()) * Moment{1};
  if (settings_.late > 0 && random_.uniform() < settings_.late)
    before += random_.exponential() * mean_lateness;
  before = std::max(before, free_);
  free_ = before + settings_.read_time + between_reads;
  return {newest, before, before + settings_.read_time, value};
}

bool Delivery::misses() { return settings_.missed > 0 && random_.uniform() < settings_.missed; }

double oscillator_of(const SensorSettings& settings, std::uint64_t seed) {
  Random random{seed, "oscillator"};
  return 1 + settings.oscillator_tolerance * std::clamp(random.normal(), -5.0, 5.0);
}

Watts mean_seen(ShuntReader& reader, const TruePower& power, std::size_t rail, Moment from, Moment to) {
  const Joules before = reader.energy(power, rail, from);
  return mean_power(reader.energy(power, rail, to) - before, to - from);
}

Watts rounded(Watts value, Watts quantum) {
  if (quantum.value() <= 0) return value;
  return std::floor(value / quantum + 0.5) * quantum;
}

Ohms shunt_for(Watts quantum) { return Ohms{40e-6 * 5 / quantum.value()}; }

std::unique_ptr<ScenarioSensor> make_sensor(const SensorSettings& settings, const std::vector<Watts>& idle,
                                            std::uint64_t seed) {
  switch (settings.kind) {
    case SensorKind::ina3221: return make_register_sensor(settings, idle, seed);
    case SensorKind::polled: return make_polled_sensor(settings, idle, seed);
    case SensorKind::triggered: return make_triggered_sensor(settings, seed);
    case SensorKind::counter: return make_counter_sensor(settings, seed);
    case SensorKind::window: break;
  }
  return make_window_sensor(settings, seed);
}

}  // namespace layerwatt::simulation
