// SPDX-License-Identifier: Apache-2.0
// Limits are in scenario_fields.h; here is how they are compared, and what only several settings together
// say.
#include "simulation/scenario_check.h"

#include <type_traits>

#include "simulation/scenario_fields.h"

namespace layerwatt::simulation {

namespace {

constexpr double most_spans = 300e6;  // 24 bytes each
constexpr double range_steps = 4095;  // of an INA3221's shunt register

double plain(double value) { return value; }
double plain(std::uint32_t value) { return value; }
double plain(int value) { return value; }
double plain(Moment value) { return value / microseconds(1); }
double plain(Watts value) { return value.value(); }
double plain(Joules value) { return value.value(); }

class LimitCheck {
 public:
  explicit LimitCheck(std::string section) : section_{std::move(section)} {}

  template <class Member>
  void number(const char* name, const Member& member, double low, double high) {
    const double value = plain(member);
    if (!(value >= low && value <= high) && !failure)
      failure = Error{Errc::malformed, section_ + "." + name,
                      "must be from " + std::to_string(low) + " to " + std::to_string(high)};
  }
  template <class Member>
  void number(const char* name, const std::optional<Member>& member, double low, double high) {
    if (member) number(name, *member, low, high);
  }
  void flag(const char*, bool) {}
  template <class Enum, class Spellings>
  void choice(const char*, Enum, const Spellings&) {}

  std::optional<Error> failure;

 private:
  std::string section_;
};

Error senseless(const char* where, const char* why) { return Error{Errc::malformed, where, why}; }

std::optional<Error> contradiction(const Scenario& scenario) {
  const NetworkSettings& network = scenario.network;
  const SensorSettings& sensor = scenario.sensor;
  if (network.layers * network.shortest > network.length || network.layers * network.longest < network.length)
    return senseless("network.length_us", "must lie between layers x shortest_us and layers x longest_us");
  if (static_cast<double>(network.layers) * scenario.run.inferences > most_spans)
    return senseless("run.inferences", "times layers may be 300 million at most");
  if (sensor.rails > sensor.channels) return senseless("sensor.rails", "must not be more than channels");
  if (sensor.least_latency > sensor.most_latency)
    return senseless("sensor.least_latency_us", "must not be above most_latency_us");
  const bool is_register = sensor.kind == SensorKind::ina3221 || sensor.kind == SensorKind::polled;
  if (is_register && sensor.quantum.value() * range_steps < 16)
    return senseless("sensor.quantum_w", "is so fine that the 13 bits of an INA3221 end below 16 W");
  if (sensor.kind == SensorKind::window && sensor.window > 10 * sensor.period)
    return senseless("sensor.window_us", "must not be above ten times period_us");
  return std::nullopt;
}

}  // namespace

Result<void> check(const Scenario& scenario) {
  LimitCheck network{"network"}, run{"run"}, sensor{"sensor"};
  visit_network(scenario.network, network);
  visit_run(scenario.run, run);
  visit_sensor(scenario.sensor, sensor);
  for (const auto& failure : {network.failure, run.failure, sensor.failure})
    if (failure) return *failure;
  if (const auto failure = contradiction(scenario)) return *failure;
  return {};
}

}  // namespace layerwatt::simulation
