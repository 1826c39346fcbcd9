// SPDX-License-Identifier: Apache-2.0
// An energy counter that ticks by itself, as RAPL does. Someone reads it all the time and keeps the reads
// that show a new value: `before` is the last read that did not, so that the tick lies between the stamps.
#include <cmath>

#include "simulation/scenario_sensor.h"

namespace layerwatt::simulation {

namespace {

class CounterSensor final : public ScenarioSensor {
 public:
  CounterSensor(const SensorSettings& settings, std::uint64_t seed)
      : ScenarioSensor{settings.rails},
        settings_{settings},
        random_{seed, "counter"},
        period_{oscillator_of(settings, seed) * settings.period},
        first_{(2 + random_.uniform()) * period_} {
    plan();
  }

  Moment advance(const TruePower& power) override {
    for (; next_ <= power.known_until(); plan()) {
      for (std::uint32_t rail = 0; rail < settings_.rails; ++rail) {
        const double ticks = std::floor(reader_.energy(power, rail, next_) / settings_.tick);
        const Moment after = next_ + random_.uniform() * settings_.poll;
        delivered_[rail].push_back({next_, after - settings_.poll, after, ticks * settings_.tick});
      }
    }
    return next_ - period_;
  }

  [[nodiscard]] Channel channel() const override {
    Channel channel;
    channel.meaning = Meaning::energy_total;
    channel.refresh = Nanoseconds{static_cast<std::int64_t>(settings_.period.count())};
    channel.tick = settings_.tick;
    channel.read_on_update = true;
    return channel;
  }
  [[nodiscard]] Moment period() const override { return period_; }
  [[nodiscard]] Moment window() const override { return period_; }

 private:
  void plan() { next_ = first_ + ticks_++ * period_ + random_.normal() * settings_.period_jitter; }

  SensorSettings settings_;
  Random random_;
  Moment period_, first_;
  ShuntReader reader_;
  double ticks_ = 0;
  Moment next_{};
};

}  // namespace

std::unique_ptr<ScenarioSensor> make_counter_sensor(const SensorSettings& settings, std::uint64_t seed) {
  return std::make_unique<CounterSensor>(settings, seed);
}

}  // namespace layerwatt::simulation
