// SPDX-License-Identifier: Apache-2.0
#include "simulation/load.h"

#include <gtest/gtest.h>

#include "simulation/testing/microsecond.h"

namespace layerwatt::simulation {
namespace {

LoadSettings quiet() {
  LoadSettings settings;
  settings.idle = {Watts{1.5}};
  settings.layers = {{Watts{4}}, {Watts{6}}};
  settings.layer_jitter = settings.inference_jitter = 0;
  return settings;
}

LoadSettings noisy() {
  LoadSettings settings = quiet();
  settings.idle = {Watts{1.5}, Watts{0.3}};
  settings.layers = {{Watts{4}, Watts{2}}, {Watts{6}, Watts{1}}};
  settings.background = {{Watts{0.08}, 3000 * us, 5, Watts{0.6}, 5000 * us}, {Watts{0.5}, 1000 * us}};
  settings.background_shares = {{1, 1.01}, {0, 1}};
  settings.drift = 0.05;
  settings.layer_jitter = 0.02;
  settings.inference_jitter = 0.01;
  settings.supply_tail = 50 * us;
  return settings;
}

void run_inferences(Load& load, std::uint32_t from, std::uint32_t to) {
  for (std::uint32_t i = from; i < to; ++i) {
    const Moment begin = (1000.0 + i * 1234.567) * us;
    load.run({0, i, begin, begin + 333.3 * us});
    load.run({1, i, begin + 334.3 * us, begin + 900.1 * us});
  }
}

TEST(Load, KnownPowersGiveKnownAccounts) {
  Load load{quiet(), 1};
  load.run({0, 0, 1000 * us, 1500 * us});
  load.run({1, 0, 1500 * us, 1750 * us});
  load.idle_until(2000 * us);
  EXPECT_NEAR(load.account(0, 0).by_layer.value(), 4 * 500e-6, 1e-15);
  EXPECT_NEAR(load.account(0, 1).by_layer.value(), 6 * 250e-6, 1e-15);
  EXPECT_NEAR(load.outside(0).value(), 1.5 * 1250e-6, 1e-15);
  EXPECT_EQ(load.account(0, 0).runs, 1U);
}

// 10 000 spans and as many steps of the background: sums of 1e5 doubles, 1e-16 each, in two different orders.
TEST(Load, LayersAndTheRestAddUpToAllThatWasDrawn) {
  Load load{noisy(), 2};
  run_inferences(load, 0, 5000);
  load.idle_until(7'000'000 * us);
  for (const std::size_t rail : {0U, 1U}) {
    Joules sum = load.outside(rail);
    for (const std::size_t layer : {0U, 1U})
      sum += load.account(rail, layer).by_layer + load.account(rail, layer).background;
    EXPECT_NEAR(sum / load.power().drawn(rail), 1, 1e-9);
  }
}

TEST(Load, PowerIsNeverNegative) {
  LoadSettings settings = noisy();  // rail 1: 0.3 W idle under noise of 0.5 W
  settings.supply_tail = Moment{};
  Load load{settings, 3};
  ShuntReader reader;
  Joules last{};
  bool held = false;
  for (int i = 1; i < 2000; ++i) {
    load.idle_until(i * 100.0 * us);
    const Joules now = reader.energy(load.power(), 1, i * 100.0 * us);
    ASSERT_GE(now, last);
    held = held || now == last;
    last = now;
  }
  EXPECT_TRUE(held);  // it would have been
}

TEST(Load, CuttingTimeIntoCallsChangesNothing) {
  Load whole{noisy(), 4}, cut{noisy(), 4};
  run_inferences(whole, 0, 200);
  for (std::uint32_t i = 0; i < 200; ++i) {
    run_inferences(cut, i, i + 1);
    cut.idle_until((1000.0 + i * 1234.567 + 950) * us);
    cut.idle_until((1000.0 + i * 1234.567 + 1100) * us);
  }
  whole.idle_until(300'000 * us);
  cut.idle_until(300'000 * us);
  ShuntReader a, b;
  for (int i = 0; i < 3000; ++i) {
    const Moment at = i * 99.9 * us;
    ASSERT_EQ(a.energy(whole.power(), 0, at), b.energy(cut.power(), 0, at)) << i;
  }
  EXPECT_EQ(whole.account(0, 1).by_layer, cut.account(0, 1).by_layer);
  EXPECT_EQ(whole.outside(1), cut.outside(1));
}

TEST(Load, OverlapBelongsToTheEarlierLayer) {
  Load load{quiet(), 5};
  load.run({0, 0, 1000 * us, 2000 * us});
  load.run({1, 0, 1500 * us, 2500 * us});
  load.run({0, 1, 1800 * us, 1900 * us});  // wholly inside: takes nothing
  load.idle_until(3000 * us);
  EXPECT_NEAR(load.account(0, 0).by_layer.value(), 4 * 1000e-6, 1e-15);
  EXPECT_NEAR(load.account(0, 1).by_layer.value(), 6 * 500e-6, 1e-15);
  EXPECT_EQ(load.account(0, 0).runs, 2U);
}

TEST(Load, PreemptedLayerDrawsIdleForThatTime) {
  Load load{quiet(), 6};
  load.run({1, 0, 1000 * us, 2000 * us, 400 * us});
  EXPECT_NEAR(load.account(0, 1).by_layer.value(), 6 * 600e-6 + 1.5 * 400e-6, 1e-15);
}

// After one time constant 1 - 1/e of the drift is there; it is held for 10 ms at a time.
TEST(Load, DriftsAsTheBoardWarmsUp) {
  LoadSettings settings = quiet();
  settings.drift = 0.05;
  settings.drift_time = Moment{1e9};
  Load load{settings, 7};
  load.run({1, 0, Moment{1e9}, Moment{1e9} + 100 * us});
  const double rise = load.account(0, 1).by_layer.value() / (6 * 100e-6) - 1;
  EXPECT_NEAR(rise, 0.05 * (1 - 1 / 2.718281828), 0.05 * 0.01);
}

TEST(Load, LevelRaisesLayersAndIdleFromThenOn) {
  Load load{quiet(), 8};
  load.run({0, 0, 1000 * us, 1100 * us});
  load.set_level(1.1);
  load.run({1, 1, 1100 * us, 1200 * us});
  load.idle_until(1300 * us);
  EXPECT_NEAR(load.account(0, 0).by_layer.value(), 4 * 100e-6, 1e-15);
  EXPECT_NEAR(load.account(0, 1).by_layer.value(), 6.6 * 100e-6, 1e-15);
  EXPECT_NEAR(load.outside(0).value(), 1.5 * 1000e-6 + 1.65 * 100e-6, 1e-15);
}

TEST(Load, RestartedAccountsCountFromThenOn) {
  Load load{quiet(), 9};
  load.run({0, 0, 1000 * us, 1500 * us});
  load.idle_until(1550 * us);
  load.restart_accounts();
  EXPECT_NEAR(load.outside(0).value(), 0, 1e-15);
  load.run({1, 1, 2000 * us, 2100 * us});
  load.idle_until(2200 * us);
  EXPECT_EQ(load.account(0, 0).runs, 0U);
  EXPECT_NEAR(load.account(0, 1).by_layer.value(), 6 * 100e-6, 1e-15);
  EXPECT_NEAR(load.outside(0).value(), 1.5 * 550e-6, 1e-15);
}

}  // namespace
}  // namespace layerwatt::simulation
