// SPDX-License-Identifier: Apache-2.0
#include "attribution/inference_energy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using testing::SimpleRun;

// The inference of SimpleRun is 40 mJ in 12 ms, with 2 ms of idle at 1 W after it.
constexpr double truth = 40e-3;

struct Made {
  Timeline timeline;
  RailRecord rail;
};

Made made(const SimpleRun& run) {
  Made result;
  result.rail = testing::read_power(testing::lay_out(run, result.timeline), run.period);
  return result;
}

InferenceEnergy energy_of(const Made& run) {
  const PowerTrace trace{run.rail};
  const auto energy = inference_energy(trace, execution_of(run.timeline),
                                       idle_power(trace, run.timeline, run.rail.channel.quantum));
  EXPECT_TRUE(energy);
  return *energy;
}

TEST(InferenceEnergy, TakesPausesOffAtIdlePower) {
  const auto energy = energy_of(made({}));
  EXPECT_NEAR(energy.mean.value(), truth, 1e-9);
  EXPECT_EQ(energy.duration, 12ms);
  EXPECT_EQ(energy.pause, from_seconds(40 * 2e-3 / 50));  // 4 in each of 10 blocks of 5
}

TEST(InferenceEnergy, BooksPausesAtMeanPowerWhenIdleIsNotKnown) {
  SimpleRun run;
  run.idle = 0ms;
  // A block: 5 x 40 mJ + 4 x 2 mJ = 208 mJ in 68 ms; 12 ms of that mean power.
  EXPECT_NEAR(energy_of(made(run)).mean.value(), 208e-3 / 68 * 12, 2e-6);
}

TEST(InferenceEnergy, IsNotFooledByASensorThatAverages) {
  SimpleRun run;
  run.inferences = 400;
  run.period = 100us;
  Made averaged = made(run);
  averaged.rail.channel.averaging = 64;
  averaged.rail.channel.refresh = run.period;  // time constant 6.35 ms
  double state = 1;
  for (Reading& reading : averaged.rail.readings)
    reading.value = Watts{state += (std::get<Watts>(reading.value).value() - state) / 64};
  // The filter lags by half a cycle more than the continuous one: 50 us x at most 4 W a block of 40
  // inferences.
  EXPECT_NEAR(energy_of(averaged).mean.value(), truth, 50e-6 * 4 / 40 + 1e-6);
}

TEST(InferenceEnergy, LeavesOutTheStartOfABlockWhenTheAverageIsNotKnown) {
  SimpleRun run;
  run.inferences = 400;
  Made unknown = made(run);
  unknown.rail.channel.averaging.reset();
  const auto energy = energy_of(unknown);
  EXPECT_NEAR(energy.mean.value(), truth, 1e-9);
  // 4 of 40 inferences of each block are left out, and with them 4 of 39 pauses.
  EXPECT_EQ(energy.pause, from_seconds(35 * 2e-3 / 36));
}

TEST(InferenceEnergy, IsEmptyWhenNoBlockWasRead) {
  Made run = made({});
  run.rail.readings.resize(500);
  const PowerTrace trace{run.rail};
  EXPECT_FALSE(inference_energy(trace, execution_of(run.timeline), std::nullopt));
}

TEST(InferenceEnergy, HasNoIntervalFromOneShortBlock) {
  SimpleRun run;
  run.blocks = 1;
  run.inferences = 2;
  EXPECT_FALSE(energy_of(made(run)).half_width);
}

TEST(InferenceEnergy, CutsFewBlocksIntoPieces) {
  SimpleRun run;
  run.blocks = 1;
  run.inferences = 100;
  EXPECT_TRUE(energy_of(made(run)).half_width);
}

// Power of each inference 5 % up or down; 300 draws cover 0.95 +- 4 x sqrt(.95 x .05 / 300) = +- 0.05.
TEST(InferenceEnergy, IntervalCoversTheTruth) {
  std::mt19937 random{5};
  std::normal_distribution<> factor{1, 0.05};
  const Made still = made({});
  int covered = 0;
  constexpr int draws = 300;
  for (int draw = 0; draw < draws; ++draw) {
    Made run = still;
    auto reading = run.rail.readings.begin();
    for (const Inference& one : run.timeline.inferences) {
      const double scale = factor(random);
      while (reading->after <= one.compute_begin) ++reading;
      for (; reading->before < one.compute_end; ++reading)
        reading->value = std::get<Watts>(reading->value) * scale;
    }
    const auto energy = energy_of(run);
    covered += std::abs(energy.mean.value() - truth) <= energy.half_width->value() ? 1 : 0;
  }
  EXPECT_NEAR(covered / static_cast<double>(draws), 0.95, 0.05);
}

}  // namespace
}  // namespace layerwatt
