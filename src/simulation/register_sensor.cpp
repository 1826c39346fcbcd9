// SPDX-License-Identifier: Apache-2.0
// An INA3221 that converts by itself: read once an update at an unknown lag, or at the reader's own pace.
// Values are the product of both registers, not rounded to mA and mW as a driver would.
#include <algorithm>
#include <optional>

#include "simulation/ina3221_model.h"
#include "simulation/read_plan.h"
#include "simulation/scenario_sensor.h"

namespace layerwatt::simulation {

namespace {

constexpr Volts bus_noise{1.5e-3};
constexpr Moment longest_extra = microseconds(1'300);  // of a polled read

Ina3221Settings chip_of(const SensorSettings& settings, std::uint64_t seed) {
  Ina3221Settings chip;
  for (std::uint32_t i = 0; i < settings.channels; ++i)  // channels that nobody reads convert the first rail
    chip.channels.push_back({i < settings.rails ? i : 0U, shunt_for(settings.quantum), {}, {}});
  chip.shunt_conversion = settings.shunt_conversion;
  chip.bus_conversion = settings.bus_conversion;
  chip.averaging = settings.averaging;
  chip.oscillator = oscillator_of(settings, seed);
  chip.wander = settings.wander;
  chip.shunt_noise = Volts{settings.noise.value() / 5 * shunt_for(settings.quantum).value()};
  chip.bus_noise = bus_noise;
  const Moment cycle = settings.channels * (settings.shunt_conversion + settings.bus_conversion);
  chip.first_conversion = Random{seed, "phase"}.uniform() * cycle;
  return chip;
}

class RegisterSensor : public ScenarioSensor {
 public:
  RegisterSensor(const SensorSettings& settings, const std::vector<Watts>& idle, std::uint64_t seed)
      : ScenarioSensor{settings.rails},
        settings_{settings},
        model_{chip_of(settings, seed), idle, {seed, "conversions"}},
        shunt_end_(settings.channels) {}

  [[nodiscard]] Channel channel() const override {
    Channel channel;
    channel.aperture = Nanoseconds{static_cast<std::int64_t>(settings_.shunt_conversion.count())};
    const Moment cycle = settings_.channels * (settings_.shunt_conversion + settings_.bus_conversion);
    channel.refresh = Nanoseconds{static_cast<std::int64_t>(cycle.count())};
    channel.averaging = settings_.averaging;
    channel.quantum = settings_.quantum;
    channel.voltage_aperture = Nanoseconds{static_cast<std::int64_t>(settings_.bus_conversion.count())};
    channel.read_on_update = settings_.kind == SensorKind::ina3221;
    return channel;
  }
  [[nodiscard]] Moment period() const override { return model_.cycle(); }
  [[nodiscard]] Moment window() const override {
    return model_.settings().oscillator * settings_.shunt_conversion;
  }

 protected:
  // Converts one signal; the channel whose cycle that completed, if it did.
  std::optional<std::size_t> convert(const TruePower& power) {
    const Moment end = model_.next_end();
    const std::uint64_t signal = model_.conversions() % (2 * settings_.channels);
    model_.run(power, end);
    if (signal % 2 != 0) return signal / 2;
    shunt_end_[signal / 2] = end;
    return std::nullopt;
  }
  [[nodiscard]] Watts product(const Ina3221Model::Registers& registers) const {
    const Amperes current = Ina3221Model::shunt_step * registers.shunt / shunt_for(settings_.quantum);
    return Ina3221Model::bus_step * registers.bus * current;
  }

  SensorSettings settings_;
  Ina3221Model model_;
  std::vector<Moment> shunt_end_;  // of each channel's last conversion
};

class EachUpdate final : public RegisterSensor {
 public:
  EachUpdate(const SensorSettings& settings, const std::vector<Watts>& idle, std::uint64_t seed)
      : RegisterSensor{settings, idle, seed}, delivery_{settings, seed}, updates_(settings.channels) {}

  Moment advance(const TruePower& power) override {
    while (model_.next_end() <= power.known_until()) {
      const auto updated = convert(power);
      if (!updated || *updated >= settings_.rails) continue;
      if (updates_[*updated]++ % settings_.read_every != 0 || delivery_.misses()) continue;
      delivered_[*updated].push_back(
          delivery_.read(shunt_end_[*updated], product(model_.registers(*updated))));
    }
    return model_.oldest_needed();
  }

 private:
  Delivery delivery_;
  std::vector<std::uint64_t> updates_;
};

class Polled final : public RegisterSensor {
 public:
  Polled(const SensorSettings& settings, const std::vector<Watts>& idle, std::uint64_t seed)
      : RegisterSensor{settings, idle, seed},
        plan_{{settings.rails, settings.period, settings.read_time, 1.1 * settings.read_time,
               settings.read_time + longest_extra, microseconds(8)},
              {seed, "reads"}},
        pending_{plan_.next()} {}

  Moment advance(const TruePower& power) override {
    while (step(power)) {
    }
    convert_until(power, power.known_until());
    return model_.oldest_needed();
  }

 private:
  void convert_until(const TruePower& power, Moment until) {
    while (model_.next_end() <= until) convert(power);
  }

  bool step(const TruePower& power) {
    const Moment next = shunt_ ? pending_.bus : pending_.shunt;
    if (next > power.known_until()) return false;
    convert_until(power, next);
    auto registers = model_.registers(pending_.channel);
    if (!shunt_) {
      shunt_ = registers.shunt;
      newest_ = shunt_end_[pending_.channel];
      return true;
    }
    registers.shunt = *shunt_;
    delivered_[pending_.channel].push_back({newest_, pending_.before, pending_.after, product(registers)});
    shunt_.reset();
    pending_ = plan_.next();
    return true;
  }

  ReadPlan plan_;
  PlannedRead pending_;
  std::optional<std::int32_t> shunt_;  // of the pending read, once fetched
  Moment newest_{};
};

}  // namespace

std::unique_ptr<ScenarioSensor> make_register_sensor(const SensorSettings& settings,
                                                     const std::vector<Watts>& idle, std::uint64_t seed) {
  return std::make_unique<EachUpdate>(settings, idle, seed);
}

std::unique_ptr<ScenarioSensor> make_polled_sensor(const SensorSettings& settings,
                                                   const std::vector<Watts>& idle, std::uint64_t seed) {
  return std::make_unique<Polled>(settings, idle, seed);
}

}  // namespace layerwatt::simulation
