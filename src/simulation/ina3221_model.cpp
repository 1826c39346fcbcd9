// SPDX-License-Identifier: Apache-2.0
// Conversions one after another; see ina3221_model.h for what is documented and what is not.
#include "simulation/ina3221_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace layerwatt::simulation {

namespace {

// 13 bit, signed (SBOS576 tables of the shunt and bus voltage registers).
constexpr std::int32_t largest_code = 4095;

std::int32_t code(Volts value, Volts step, std::int32_t lowest) {
  const double steps =
      std::clamp(value / step, static_cast<double>(lowest), static_cast<double>(largest_code));
  return static_cast<std::int32_t>(std::floor(steps + 0.5));
}

}  // namespace

Volts loaded_supply(Volts supply, Ohms resistance, Watts drawn) {
  const double nominal = supply.value();
  return Volts{nominal / (1 + resistance.value() * std::max(drawn.value(), 0.0) / (nominal * nominal))};
}

Ina3221Model::Ina3221Model(Ina3221Settings settings, std::span<const Watts> steady, Random random)
    : settings_{std::move(settings)}, random_{random}, begin_{settings_.first_conversion} {
  const Volts bus = supply_voltage(steady[settings_.supply_rail]);
  for (const auto& channel : settings_.channels) {
    const Volts across{steady[channel.rail].value() / bus.value() * channel.shunt.value()};
    averages_.push_back({across + channel.shunt_offset, bus + channel.bus_offset});
  }
  plan_next();
}

void Ina3221Model::plan_next() {
  double rate = settings_.oscillator;
  if (settings_.wander != 0) rate *= 1 + settings_.wander * portable_sine(begin_ / settings_.wander_period);
  const bool is_bus = signal_ % 2 != 0;
  end_ = begin_ + rate * (is_bus ? settings_.bus_conversion : settings_.shunt_conversion);
}

void Ina3221Model::run(const TruePower& power, Moment until) {
  while (end_ <= until) convert(power);
}

void Ina3221Model::convert(const TruePower& power) {
  const Ina3221Settings::Channel& channel = settings_.channels[signal_ / 2];
  Averages& averages = averages_[signal_ / 2];
  const Moment length = end_ - begin_;
  const auto mean = [&](std::size_t rail) {
    const Joules before = reader_.energy(power, rail, begin_);
    return mean_power(reader_.energy(power, rail, end_) - before, length);
  };
  const Watts total = mean(settings_.supply_rail);
  const Volts bus = supply_voltage(total);
  if (signal_ % 2 == 0) {
    const Watts drawn = channel.rail == settings_.supply_rail ? total : mean(channel.rail);
    const Volts across{drawn.value() / bus.value() * channel.shunt.value()};
    const Volts seen = across + channel.shunt_offset + settings_.shunt_noise * random_.normal();
    averages.shunt += (seen - averages.shunt) / settings_.averaging;
  } else {
    const Volts seen = bus + channel.bus_offset + settings_.bus_noise * random_.normal();
    averages.bus += (seen - averages.bus) / settings_.averaging;
  }
  ++conversions_;
  signal_ = (signal_ + 1) % (2 * settings_.channels.size());
  begin_ = end_;
  plan_next();
}

Ina3221Model::Registers Ina3221Model::registers(std::size_t channel) const {
  return {code(averages_[channel].shunt, shunt_step, -largest_code - 1),
          code(averages_[channel].bus, bus_step, 0)};
}

Moment Ina3221Model::cycle() const {
  const auto channels = static_cast<double>(settings_.channels.size());
  return settings_.oscillator * channels * (settings_.shunt_conversion + settings_.bus_conversion);
}

Watts l4t_power(const Ina3221Model::Registers& registers, Ohms shunt) {
  const double microvolts = registers.shunt * 40.0;
  const auto milliamperes = static_cast<std::int64_t>(std::floor(microvolts / (shunt.value() * 1e3) + 0.5));
  const std::int64_t millivolts = registers.bus * std::int64_t{8};
  const std::int64_t milliwatts = millivolts * milliamperes / 1000;  // the driver truncates
  return Watts{static_cast<double>(milliwatts) * 1e-3};
}

}  // namespace layerwatt::simulation
