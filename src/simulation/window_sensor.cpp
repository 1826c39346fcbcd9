// SPDX-License-Identifier: Apache-2.0
// A mean over a window, published now and then: NVIDIA's data centre GPUs give 25 ms of every 100 ms.
#include "simulation/scenario_sensor.h"

namespace layerwatt::simulation {

namespace {

constexpr Moment first_window = microseconds(5'000);

class WindowSensor final : public ScenarioSensor {
 public:
  WindowSensor(const SensorSettings& settings, std::uint64_t seed)
      : ScenarioSensor{settings.rails},
        settings_{settings},
        random_{seed, "window"},
        delivery_{settings, seed},
        oscillator_{oscillator_of(settings, seed)},
        first_{first_window + window() + random_.uniform() * period()} {
    plan();
  }

  Moment advance(const TruePower& power) override {
    for (; next_ <= power.known_until(); plan()) {
      for (std::uint32_t rail = 0; rail < settings_.rails; ++rail) {
        const Joules from = begins_.energy(power, rail, next_ - window());
        const Joules to = ends_.energy(power, rail, next_);
        const Watts seen = mean_power(to - from, window()) + settings_.noise * random_.normal();
        if (!delivery_.misses())
          delivered_[rail].push_back(delivery_.read(next_, rounded(seen, settings_.quantum)));
      }
    }
    return next_ - window();
  }

  [[nodiscard]] Channel channel() const override {
    Channel channel;
    channel.aperture = Nanoseconds{static_cast<std::int64_t>(settings_.window.count())};
    channel.refresh = Nanoseconds{static_cast<std::int64_t>(settings_.period.count())};
    channel.averaging = 1;
    channel.quantum = settings_.quantum;
    channel.read_on_update = true;
    return channel;
  }
  [[nodiscard]] Moment period() const override { return oscillator_ * settings_.period; }
  [[nodiscard]] Moment window() const override { return oscillator_ * settings_.window; }

 private:
  void plan() { next_ = first_ + updates_++ * period() + random_.normal() * settings_.period_jitter; }

  SensorSettings settings_;
  Random random_;
  Delivery delivery_;
  double oscillator_;
  Moment first_;
  ShuntReader begins_, ends_;
  double updates_ = 0;
  Moment next_{};
};

}  // namespace

std::unique_ptr<ScenarioSensor> make_window_sensor(const SensorSettings& settings, std::uint64_t seed) {
  return std::make_unique<WindowSensor>(settings, seed);
}

}  // namespace layerwatt::simulation
