// SPDX-License-Identifier: Apache-2.0
#include "simulation/true_power.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace layerwatt::simulation {
namespace {

constexpr Moment ms{1e6};
using OneRail = std::array<Watts, 1>;

Watts mean_between(const TruePower& power, Moment from, Moment to) {
  ShuntReader reader;
  const Joules before = reader.energy(power, 0, from);
  return mean_power(reader.energy(power, 0, to) - before, to - from);
}

TruePower step_from_1_to_5_at_10ms(Moment tail) {
  TruePower power{OneRail{Watts{1}}, tail};
  power.change(10 * ms, OneRail{Watts{5}});
  power.extend(100 * ms);
  return power;
}

TEST(TruePower, IsIntegratedAcrossItsSteps) {
  const TruePower power = step_from_1_to_5_at_10ms(Moment{});
  EXPECT_NEAR(mean_between(power, 9 * ms, 11 * ms).value(), 3, 1e-12);
  EXPECT_NEAR(power.drawn(0).value(), 0.010 * 1 + 0.090 * 5, 1e-12);
}

TEST(TruePower, LaterChangeAtTheSameMomentReplacesTheEarlier) {
  TruePower power{OneRail{Watts{1}}, Moment{}};
  power.change(1 * ms, OneRail{Watts{100}});
  power.change(1 * ms, OneRail{Watts{2}});
  power.extend(3 * ms);
  EXPECT_NEAR(power.drawn(0).value(), 0.001 * 1 + 0.002 * 2, 1e-15);
}

// The mean over [0, t] after a step of a first-order filter is 1 - T/t (1 - exp(-t/T)).
TEST(TruePower, CapacitorsSpreadAStepExponentially) {
  const Moment tail = 0.15 * ms;
  const TruePower power = step_from_1_to_5_at_10ms(tail);
  for (const double t : {0.01, 0.1, 0.3, 2.0}) {
    const double x = t / 0.15;
    const double expected = 1 + 4 * (1 - (1 - std::exp(-x)) / x);
    EXPECT_NEAR(mean_between(power, 10 * ms, (10 + t) * ms).value(), expected, 1e-9) << t;
  }
}

TEST(TruePower, CapacitorsKeepNoEnergyForLong) {
  const TruePower power = step_from_1_to_5_at_10ms(0.15 * ms);
  const Watts all = mean_between(power, Moment{}, 100 * ms);
  // They still hold what 4 W draw in one time constant.
  EXPECT_NEAR(energy(all, 100 * ms).value(), power.drawn(0).value() - 4 * 0.15e-3, 1e-12);
}

TEST(TruePower, ForgettingThePastChangesNoIntegralAfterIt) {
  TruePower power{OneRail{Watts{1}}, 0.1 * ms};
  TruePower whole = power;
  ShuntReader reader;
  for (int i = 1; i < 1000; ++i) {
    const OneRail next{Watts{1.0 + i % 7}};
    power.change(i * 0.1 * ms, next);
    whole.change(i * 0.1 * ms, next);
    ShuntReader fresh;
    const Moment at = (i - 0.5) * 0.1 * ms;
    ASSERT_EQ(reader.energy(power, 0, at), fresh.energy(whole, 0, at)) << i;
    power.forget_before(at);
  }
}

}  // namespace
}  // namespace layerwatt::simulation
