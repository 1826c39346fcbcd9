// SPDX-License-Identifier: Apache-2.0
// The sensors of scenarios behind one face: they are given the true power piece by piece and keep the
// readings.
#pragma once
#include <memory>
#include <vector>

#include "core/vocabulary.h"
#include "simulation/random.h"
#include "simulation/scenario.h"
#include "simulation/true_power.h"

namespace layerwatt::simulation {

struct Delivered {
  Moment newest;  // moment that the value saw: the end of its conversion, window or tick
  Moment before, after;
  Value value;
};

class ScenarioSensor {
 public:
  virtual ~ScenarioSensor() = default;
  // Takes all readings that can be made from what is known; returns the oldest moment still needed.
  virtual Moment advance(const TruePower& power) = 0;
  [[nodiscard]] virtual Channel channel() const = 0;  // without its rail's name
  [[nodiscard]] virtual Moment period() const = 0;    // between new values, real
  [[nodiscard]] virtual Moment window() const = 0;    // of one value, real
  [[nodiscard]] const std::vector<std::vector<Delivered>>& delivered() const { return delivered_; }  // [rail]

 protected:
  explicit ScenarioSensor(std::uint32_t rails) : delivered_(rails) {}
  std::vector<std::vector<Delivered>> delivered_;
};

std::unique_ptr<ScenarioSensor> make_register_sensor(const SensorSettings& settings,
                                                     const std::vector<Watts>& idle, std::uint64_t seed);
std::unique_ptr<ScenarioSensor> make_polled_sensor(const SensorSettings& settings,
                                                   const std::vector<Watts>& idle, std::uint64_t seed);
std::unique_ptr<ScenarioSensor> make_triggered_sensor(const SensorSettings& settings, std::uint64_t seed);
std::unique_ptr<ScenarioSensor> make_counter_sensor(const SensorSettings& settings, std::uint64_t seed);
std::unique_ptr<ScenarioSensor> make_window_sensor(const SensorSettings& settings, std::uint64_t seed);
std::unique_ptr<ScenarioSensor> make_sensor(const SensorSettings& settings, const std::vector<Watts>& idle,
                                            std::uint64_t seed);

// When values reach the reader: a constant lag, a latency that varies, and now and then one that is late.
// Reads of one rail come one after another.
class Delivery {
 public:
  Delivery(const SensorSettings& settings, std::uint64_t seed);
  [[nodiscard]] Delivered read(Moment newest, Value value);
  [[nodiscard]] bool misses();  // this update, by chance

 private:
  const SensorSettings settings_;
  Random random_;
  Moment lag_;
  Moment free_{};  // when the last read was over
};

// Of this chip: its real duration over the nominal one.
double oscillator_of(const SensorSettings& settings, std::uint64_t seed);
// Mean power of [from, to] as the shunt sees it.
Watts mean_seen(ShuntReader& reader, const TruePower& power, std::size_t rail, Moment from, Moment to);
Watts rounded(Watts value, Watts quantum);
// The shunt at which one step of 40 uV is `quantum` at 5 V.
Ohms shunt_for(Watts quantum);

}  // namespace layerwatt::simulation
