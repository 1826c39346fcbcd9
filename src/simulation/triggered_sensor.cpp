// SPDX-License-Identifier: Apache-2.0
// An INA3221 in triggered mode, as NVIDIA's L4T driver has it: the read itself starts a sweep over all
// channels, not averaged, and returns when it is done. Several rails are read in turn.
#include <algorithm>
#include <cmath>

#include "simulation/ina3221_model.h"
#include "simulation/scenario_sensor.h"

namespace layerwatt::simulation {

namespace {

constexpr Moment first_read = microseconds(5'000);
constexpr double mean_jitter = 0.7979;  // of |normal|

class TriggeredSensor final : public ScenarioSensor {
 public:
  TriggeredSensor(const SensorSettings& settings, std::uint64_t seed)
      : ScenarioSensor{settings.rails},
        settings_{settings},
        random_{seed, "triggered"},
        oscillator_{oscillator_of(settings, seed)} {
    plan(first_read);
  }

  Moment advance(const TruePower& power) override {
    while (sweep_ + sweep_length() <= power.known_until()) take(power);
    return sweep_;
  }

  [[nodiscard]] Channel channel() const override {
    Channel channel;
    channel.aperture = Nanoseconds{static_cast<std::int64_t>(settings_.shunt_conversion.count())};
    channel.averaging = 1;
    channel.quantum = settings_.quantum;
    return channel;
  }
  [[nodiscard]] Moment period() const override {
    return (settings_.period + mean_jitter * settings_.period_jitter) * settings_.rails;
  }
  [[nodiscard]] Moment window() const override { return oscillator_ * settings_.shunt_conversion; }

 private:
  [[nodiscard]] Moment channel_length() const {
    return oscillator_ * (settings_.shunt_conversion + settings_.bus_conversion);
  }
  [[nodiscard]] Moment sweep_length() const { return settings_.channels * channel_length(); }

  void plan(Moment before) {
    before_ = before;
    sweep_ =
        before + Moment{random_.uniform(settings_.least_latency.count(), settings_.most_latency.count())};
  }

  void take(const TruePower& power) {
    const Moment begin = sweep_ + rail_ * channel_length();
    const Moment middle = begin + window(), end = begin + channel_length();
    const Watts during = mean_seen(reader_, power, rail_, begin, middle);
    const Watts after = mean_seen(reader_, power, rail_, middle, end);
    const Volts supply{5};
    const Ohms resistance{0.03};
    const double current = during.value() / loaded_supply(supply, resistance, during).value();
    const double bus = loaded_supply(supply, resistance, after).value();
    const Watts seen =
        rounded(Watts{supply.value() * current} + settings_.noise * random_.normal(), settings_.quantum);
    delivered_[rail_].push_back(
        {middle, before_, end_of_read(), seen * (std::floor(bus / 8e-3 + 0.5) * 8e-3 / supply.value())});
    rail_ = (rail_ + 1) % settings_.rails;
    // The next read waits for its turn, and for this one.
    const Moment next = before_ + settings_.period + std::abs(random_.normal()) * settings_.period_jitter;
    plan(std::max(next, end_of_read()));
  }
  [[nodiscard]] Moment end_of_read() const { return sweep_ + sweep_length() + settings_.read_time; }

  SensorSettings settings_;
  Random random_;
  double oscillator_;
  ShuntReader reader_;
  std::uint32_t rail_ = 0;
  Moment before_{}, sweep_{};
};

}  // namespace

std::unique_ptr<ScenarioSensor> make_triggered_sensor(const SensorSettings& settings, std::uint64_t seed) {
  return std::make_unique<TriggeredSensor>(settings, seed);
}

}  // namespace layerwatt::simulation
