// SPDX-License-Identifier: Apache-2.0
#include "simulation/ina3221_model.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "simulation/testing/microsecond.h"

namespace layerwatt::simulation {
namespace {

using Powers = std::vector<Watts>;

Ina3221Settings noiseless(std::size_t channels) {
  Ina3221Settings settings;
  for (std::size_t i = 0; i < channels; ++i) settings.channels.push_back({i, Ohms{0.005}, {}, {}});
  settings.shunt_noise = settings.bus_noise = Volts{};
  settings.wander = 0;
  return settings;
}

// What a shunt of 5 mOhm shows at `watts`, in steps, by the model's supply of 5 V and 30 mOhm.
double shunt_steps(double watts) {
  const double volts = 5 / (1 + 0.03 * watts / 25);
  return watts / volts * 0.005 / 40e-6;
}

TEST(Ina3221Model, ConstantPowerIsReadWithinHalfAStep) {
  const TruePower power{Powers{Watts{6.1}}, Moment{}};
  const Ina3221Model model{noiseless(1), Powers{Watts{6.1}}, {1, "chip"}};
  EXPECT_NEAR(model.registers(0).shunt, shunt_steps(6.1), 0.5);
  EXPECT_NEAR(model.registers(0).bus, 5 / (1 + 0.03 * 6.1 / 25) / 8e-3, 0.5);
}

TEST(Ina3221Model, RegisterConvergesToANewPower) {
  Ina3221Settings settings = noiseless(3);
  settings.averaging = 64;
  TruePower power{Powers{Watts{1}, Watts{1}, Watts{1}}, Moment{}};
  power.change(Moment{}, Powers{Watts{6}, Watts{4}, Watts{2}});
  power.extend(2'000'000 * us);
  Ina3221Model model{settings, Powers{Watts{1}, Watts{1}, Watts{1}}, {1, "chip"}};
  model.run(power, 2'000'000 * us);              // 38 time constants: what is left of the step is 1e-16 of it
  const double volts = 5 / (1 + 0.03 * 6 / 25);  // all three hang on the supply of rail 0
  for (const std::size_t i : {0U, 1U, 2U})
    EXPECT_NEAR(model.registers(i).shunt, (6.0 - 2.0 * static_cast<double>(i)) / volts * 0.005 / 40e-6, 0.5);
}

// After m cycles a step's rest is (1 - 1/N)^m = exp(-t/tau) at t = m cycles. At any t the number of cycles is
// t/cycle, one more or one less; the register shows that within half a step.
TEST(Ina3221Model, StepApproachesExponentiallyWithTheDocumentedTimeConstant) {
  Ina3221Settings settings = noiseless(3);
  settings.averaging = 64;
  TruePower power{Powers{Watts{1}, Watts{0}, Watts{0}}, Moment{}};
  power.change(Moment{}, Powers{Watts{20}, Watts{0}, Watts{0}});
  power.extend(300'000 * us);
  Ina3221Model model{settings, Powers{Watts{1}, Watts{0}, Watts{0}}, {1, "chip"}};
  const double cycle = 0.84, tau = -cycle / std::log(1 - 1.0 / 64);
  for (double t = 1; t < 300; t *= 1.3) {
    model.run(power, t * 1000 * us);
    const auto rest = [&](double at) {
      return shunt_steps(20) + (shunt_steps(1) - shunt_steps(20)) * std::exp(-at / tau);
    };
    EXPECT_GE(model.registers(0).shunt, rest(t - cycle) - 0.5) << t;
    EXPECT_LE(model.registers(0).shunt, rest(t + cycle) + 0.5) << t;
  }
  EXPECT_NEAR(tau, 53, 0.6);  // what the Nano's 0x7607 comes to
}

TEST(Ina3221Model, WithoutAveragingAConversionIsTheMeanOverItsBox) {
  TruePower power{Powers{Watts{2}}, Moment{}};
  power.change(35 * us, Powers{Watts{10}});
  power.extend(1000 * us);
  Ina3221Model model{noiseless(1), Powers{Watts{2}}, {1, "chip"}};
  model.run(power, 140 * us);
  EXPECT_EQ(model.conversions(), 1U);
  EXPECT_NEAR(model.registers(0).shunt, shunt_steps(0.25 * 2 + 0.75 * 10), 0.5);
}

TEST(Ina3221Model, ChannelsAreConvertedInTurnShuntBeforeBus) {
  const Powers quiet{Watts{1}, Watts{1}, Watts{1}};
  TruePower power{quiet, Moment{}};
  power.change(280 * us, Powers{Watts{1}, Watts{9}, Watts{9}});  // while channel 1's shunt is converted
  power.change(420 * us, quiet);
  power.extend(1000 * us);
  Ina3221Model model{noiseless(3), quiet, {1, "chip"}};
  model.run(power, 840 * us);
  EXPECT_EQ(model.conversions(), 6U);
  EXPECT_NEAR(model.registers(0).shunt, shunt_steps(1), 0.5);
  EXPECT_NEAR(model.registers(1).shunt, 9 / 5.0 * 125, 1);
  EXPECT_NEAR(model.registers(2).shunt, shunt_steps(1), 0.5);
}

TEST(Ina3221Model, OscillatorStretchesTheCycle) {
  Ina3221Settings settings = noiseless(3);
  settings.oscillator = 1.1;
  TruePower power{Powers{Watts{1}, Watts{1}, Watts{1}}, Moment{}};
  power.extend(1'000'000 * us);
  Ina3221Model model{settings, Powers{Watts{1}, Watts{1}, Watts{1}}, {1, "chip"}};
  model.run(power, 1'000'000 * us);
  EXPECT_EQ(model.conversions(), static_cast<std::uint64_t>(1e6 / 154));
  EXPECT_NEAR(model.cycle().count(), 924e3, 1e-6);
}

TEST(Ina3221Model, PowerBeyondTheRangeSaturates) {
  const Ina3221Model model{noiseless(1), Powers{Watts{1e5}}, {1, "chip"}};
  EXPECT_EQ(model.registers(0).shunt, 4095);
}

TEST(L4tPower, RoundsMilliamperesAndTruncatesMilliwatts) {
  EXPECT_NEAR(l4t_power({120, 628}, Ohms{0.005}).value(), 4.823, 1e-12);  // 960 mA x 5024 mV = 4823.04 mW
  EXPECT_NEAR(l4t_power({1, 125}, Ohms{0.015}).value(), 0.003, 1e-12);    // 2.67 mA -> 3 mA
  EXPECT_NEAR(l4t_power({1, 625}, Ohms{0.005}).value(), 0.040, 1e-12);    // the Nano's step
}

}  // namespace
}  // namespace layerwatt::simulation
