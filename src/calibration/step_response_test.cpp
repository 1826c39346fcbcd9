// SPDX-License-Identifier: Apache-2.0
#include "calibration/step_response.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

Instant at(double s) { return Instant{Nanoseconds{std::llround(s * 1e9)}}; }

// Readings of a load that steps by 2 W from 1 W, made step by step of 10 us and not by the fit's formula.
struct Made {
  double tau = 0, lag = 0, noise = 0.02, quantum = 0, seconds = 10, refresh = 1.6e-3, step = 2;
  std::uint64_t seed = 1;

  std::vector<LoadStep> steps;
  RailRecord rail, counter;

  Made& make() {
    std::mt19937_64 random{seed};
    std::uniform_real_distribution<> exponent{std::log(5e-3), std::log(0.3)}, pause{0.9e-3, 1.1e-3};
    std::normal_distribution<> error{0, noise};
    bool on = false;
    for (double s = -0.5; s < seconds; s += std::exp(exponent(random)), on = !on)
      steps.push_back({at(s), on});
    rail.channel.rail = "IN";
    counter.channel.meaning = Meaning::energy_total;
    double energy = 0;
    rail.channel.refresh = Nanoseconds{std::llround(refresh * 1e9)};
    constexpr double tick = 10e-6;
    double state = 1, held = 1, next_value = 0, next_read = 0;
    std::size_t now = 0;
    std::vector<double> history;
    const auto late = static_cast<std::size_t>(std::lround(lag / tick));
    for (double s = -0.5; s < seconds; s += tick) {
      while (now + 1 < steps.size() && steps[now + 1].at <= at(s)) ++now;
      const double power = 1 + (steps[now].on ? step : 0);
      state += tau > 0 ? (power - state) * -std::expm1(-tick / tau) : power - state;
      history.push_back(state);
      const double delayed = history[history.size() - 1 - std::min(late, history.size() - 1)];
      energy += delayed * tick;
      if (s >= next_value) {
        held = delayed + error(random);
        if (quantum > 0) held = std::round(held / quantum) * quantum;
        next_value += refresh;
      }
      if (s < next_read) continue;
      rail.readings.push_back({at(s), at(s + 100e-6), Watts{held}});
      counter.readings.push_back({at(s), at(s), Joules{energy}});
      next_read += pause(random);
    }
    return *this;
  }
  [[nodiscard]] std::optional<StepResponse> found() const {
    return step_response(rail, steps, at(0), at(seconds));
  }
};

double ms(Nanoseconds t) { return seconds(t) * 1e3; }

TEST(StepResponse, FindsTheLagOfASensorThatDoesNotAverage) {
  Made made;
  made.lag = 2.5e-3;
  const auto found = made.make().found();
  ASSERT_TRUE(found);
  // A value's age at its read, half a refresh, is in it.
  EXPECT_NEAR(ms(found->lag), 2.5 + 0.8, ms(found->lag_half_width) + 0.05);
  EXPECT_LT(ms(found->lag_half_width), 0.4);  // 130 steps, each seen within a refresh
  EXPECT_LT(ms(found->time_constant), 0.2);
  EXPECT_NEAR(found->step.value(), 2, found->step_half_width.value() + 0.005);
  made.rail.channel.averaging = 1;
  EXPECT_EQ(agrees(*found, made.rail.channel), true);
  made.rail.channel.averaging = 64;
  EXPECT_EQ(agrees(*found, made.rail.channel), false);
}

TEST(StepResponse, FindsTheTimeConstantOfAnAverageAndTheLagBesideIt) {
  Made made;
  made.tau = 54e-3;
  made.lag = 1e-3;
  made.quantum = 0.04;
  const auto found = made.make().found();
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->averages());
  EXPECT_NEAR(ms(found->time_constant), 54, ms(found->time_constant_half_width));
  EXPECT_LT(ms(found->time_constant_half_width), 1);
  EXPECT_NEAR(ms(found->lag), 1.8, ms(found->lag_half_width));
  Channel told = made.rail.channel;
  told.refresh = 1680us, told.averaging = 32;  // 53 ms
  EXPECT_EQ(agrees(*found, told), true);
  told.averaging = 64;
  EXPECT_EQ(agrees(*found, told), false);
  told.averaging.reset();
  EXPECT_EQ(agrees(*found, told), std::nullopt);
}

TEST(StepResponse, ItsIntervalsCoverInNineteenOfTwentyRuns) {
  int lag = 0, tau = 0;
  constexpr int runs = 40;
  for (int seed = 1; seed <= runs; ++seed) {
    Made made;
    made.seed = static_cast<std::uint64_t>(seed);
    made.tau = 20e-3;
    made.lag = 1e-3;
    made.noise = 0.3;
    made.seconds = 4;
    const auto found = made.make().found();
    ASSERT_TRUE(found);
    if (std::abs(ms(found->lag) - 1.8) <= ms(found->lag_half_width)) ++lag;
    if (std::abs(ms(found->time_constant) - 20) <= ms(found->time_constant_half_width)) ++tau;
  }
  // Of 40 at 95 %, fewer than 33 come once in 1000 times.
  EXPECT_GE(lag, 33);
  EXPECT_GE(tau, 33);
}

TEST(StepResponse, ACounterIsDifferencedAndItsLagFound) {
  Made made;
  made.lag = 3e-3;
  made.make();
  const auto found = step_response(made.counter, made.steps, at(0), at(made.seconds));
  ASSERT_TRUE(found);
  EXPECT_NEAR(ms(found->lag), 3, 0.02);
  EXPECT_EQ(agrees(*found, made.counter.channel), true);
}

TEST(StepResponse, SaysNothingOfARailThatTheLoadDoesNotMove) {
  Made made;
  made.step = 0;
  EXPECT_FALSE(made.make().found());
}

TEST(StepResponse, SaysNothingWithoutReadingsOrSteps) {
  Made made;
  made.make();
  made.rail.readings.resize(100);
  EXPECT_FALSE(made.found());
  EXPECT_FALSE(step_response(made.rail, {}, at(0), at(10)));
  made.rail.readings.assign(1000, {at(1), at(1), Watts{1.7}});
  EXPECT_FALSE(made.found());
}

}  // namespace
}  // namespace layerwatt
