// SPDX-License-Identifier: Apache-2.0
// The TI INA3221 as a register model: one converter goes round shunt and bus of its channels, each conversion
// averages its input over the conversion time, and each register is an exponential average of its
// conversions. From the data sheet SBOS576, "Averaging function" and register tables. NOT documented and
// decided here: the average keeps fractions of a step; the register shows it rounded.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "simulation/random.h"
#include "simulation/true_power.h"

namespace layerwatt::simulation {

struct Ina3221Settings {
  struct Channel {
    std::size_t rail = 0;  // of TruePower
    Ohms shunt{0.005};
    Volts shunt_offset{}, bus_offset{};
  };
  std::vector<Channel> channels;                              // at most three, in the order of conversion
  Moment shunt_conversion{140'000}, bus_conversion{140'000};  // nominal
  int averaging = 1;                                          // N of the exponential average
  double oscillator = 1;  // real duration / nominal: 140 us is typical, 154 us the data sheet's maximum
  double wander = 30e-6;  // relative amplitude of a slow change of that
  Moment wander_period{120e9};
  Moment first_conversion{};                    // when conversions begin
  Volts shunt_noise{20e-6}, bus_noise{0.3e-3};  // of one conversion, standard deviation; not documented
  Volts supply{5.0};                            // at no load
  Ohms supply_resistance{0.03};
  std::size_t supply_rail = 0;  // whose current makes the supply drop
};

// What a supply with some resistance gives under a load; to first order, and positive for any load.
Volts loaded_supply(Volts supply, Ohms resistance, Watts drawn);

class Ina3221Model {
 public:
  static constexpr Volts shunt_step{40e-6}, bus_step{8e-3};

  // Registers hold what they would after a long time at these powers, one a rail.
  Ina3221Model(Ina3221Settings settings, std::span<const Watts> steady, Random random);

  // Converts all that ends by `until`, which the power must be known to.
  void run(const TruePower& power, Moment until);
  // The next conversion to end; run() to here converts exactly that one.
  [[nodiscard]] Moment next_end() const { return end_; }

  struct Registers {
    std::int32_t shunt, bus;  // in steps
  };
  [[nodiscard]] Registers registers(std::size_t channel) const;
  [[nodiscard]] Moment cycle() const;  // mean, real
  [[nodiscard]] Moment oldest_needed() const { return begin_; }
  [[nodiscard]] const Ina3221Settings& settings() const { return settings_; }
  [[nodiscard]] std::uint64_t conversions() const { return conversions_; }  // ended so far, of all signals

 private:
  struct Averages {
    Volts shunt, bus;
  };
  void convert(const TruePower& power);
  void plan_next();
  [[nodiscard]] Volts supply_voltage(Watts drawn) const {
    return loaded_supply(settings_.supply, settings_.supply_resistance, drawn);
  }

  Ina3221Settings settings_;
  Random random_;
  ShuntReader reader_;
  std::vector<Averages> averages_;
  std::size_t signal_ = 0;  // 2 * channel, + 1 for its bus voltage
  std::uint64_t conversions_ = 0;
  Moment begin_, end_;
};

// What the L4T driver ina3221x makes of the registers in in_powerN_input: mA rounded, mW truncated.
// Source: drivers/staging/iio/meter/ina3221.c of L4T 32.
Watts l4t_power(const Ina3221Model::Registers& registers, Ohms shunt);

}  // namespace layerwatt::simulation
