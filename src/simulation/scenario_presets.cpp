// SPDX-License-Identifier: Apache-2.0
// Sensors as boards boot them. Where each figure comes from: docs/scenario-format.md.
#include "simulation/scenario.h"

namespace layerwatt::simulation {

namespace {

SensorSettings ina3221(double conversion_us, double noise_w, double quantum_w) {
  SensorSettings sensor;
  sensor.shunt_conversion = sensor.bus_conversion = microseconds(conversion_us);
  sensor.noise = Watts{noise_w};  // 30 mW at 332 us, with the root of the conversion time
  sensor.quantum = Watts{quantum_w};
  return sensor;
}

SensorSettings averaging(int n, double quantum_w, std::uint32_t read_every) {
  SensorSettings sensor = ina3221(140, 0.0462, quantum_w);
  sensor.averaging = n;
  sensor.read_every = read_every;
  return sensor;
}

SensorSettings triggered() {
  SensorSettings sensor = ina3221(140, 0.0462, 0.04);
  sensor.kind = SensorKind::triggered;
  sensor.least_latency = microseconds(80);
  sensor.most_latency = microseconds(120);
  sensor.read_time = microseconds(400);
  return sensor;
}

SensorSettings rapl() {
  SensorSettings sensor;
  sensor.kind = SensorKind::counter;
  sensor.period = microseconds(976.5625);
  sensor.period_jitter = microseconds(20);
  sensor.oscillator_tolerance = 0;
  return sensor;
}

SensorSettings nvml() {
  SensorSettings sensor;
  sensor.kind = SensorKind::window;
  sensor.window = microseconds(25'000);
  sensor.period = microseconds(100'000);
  sensor.period_jitter = microseconds(50);
  sensor.quantum = Watts{0.001};
  sensor.oscillator_tolerance = 0;
  sensor.least_latency = Moment{};
  sensor.most_latency = microseconds(500);
  return sensor;
}

struct Preset {
  std::string_view name;
  SensorSettings sensor;
};

std::vector<Preset> presets() {
  return {{"fast", {}},
          {"nano", averaging(64, 0.04, 2)},
          {"tx2", averaging(512, 0.15, 2)},
          {"orin", averaging(512, 0.04, 2)},
          {"hwmon-reset", ina3221(1100, 0.0165, 0.04)},
          {"triggered", triggered()},
          {"rapl", rapl()},
          {"nvml", nvml()}};
}

}  // namespace

std::optional<SensorSettings> sensor_named(std::string_view name) {
  for (const Preset& preset : presets())
    if (preset.name == name) return preset.sensor;
  return std::nullopt;
}

std::vector<std::string> sensor_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.emplace_back(preset.name);
  return names;
}

}  // namespace layerwatt::simulation
