// SPDX-License-Identifier: Apache-2.0
#include "simulation/synthetic_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace layerwatt::simulation {
namespace {

SyntheticNetwork made(PowerProfile profile, std::uint64_t seed) {
  NetworkSettings settings;
  settings.profile = profile;
  Random random{seed, "network"};
  return make_network(settings, random);
}

TEST(SyntheticNetwork, DurationsKeepTheirLimitsAndSum) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto network = made(PowerProfile::varied, seed);
    const Moment sum = std::accumulate(network.durations.begin(), network.durations.end(), Moment{});
    EXPECT_NEAR(sum / microseconds(17'000), 1, 1e-6);
    for (const Moment d : network.durations) {
      EXPECT_GE(d, microseconds(8));
      EXPECT_LE(d, microseconds(1'200));
    }
  }
}

// 65 layers of AR(0.5) with deviation 1.5 W: the mean is known to 1.5 sqrt(3 / 65) = 0.32 W; over 50 networks
// 0.046 W; neighbours differ by 1.5 W x sqrt(2 (1 - 0.5)) = 1.5 W rms, less what is cut at 2 and 8 W (2.3 %).
TEST(SyntheticNetwork, VariedPowersWalkAboutFiveWatts) {
  double sum = 0, steps = 0, count = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto powers = made(PowerProfile::varied, seed).powers;
    for (std::size_t i = 0; i < powers.size(); ++i) {
      EXPECT_GE(powers[i].value(), 2);
      EXPECT_LE(powers[i].value(), 8);
      sum += powers[i].value();
      if (i > 0) steps += (powers[i] - powers[i - 1]).value() * (powers[i] - powers[i - 1]).value();
      ++count;
    }
  }
  EXPECT_NEAR(sum / count, 5, 5 * 0.046);
  EXPECT_NEAR(std::sqrt(steps / count), 1.5, 0.12);
}

TEST(SyntheticNetwork, FlatIsFlatButForOnePercent) {
  for (const Watts power : made(PowerProfile::flat, 1).powers) EXPECT_NEAR(power.value(), 5, 5 * 0.01 * 5);
}

TEST(SyntheticNetwork, OutlierHasFiveLayersFarOff) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto powers = made(PowerProfile::outlier, seed).powers;
    // 2.2 W off, others within 4 deviations of 0.15 W.
    const auto far =
        std::count_if(powers.begin(), powers.end(), [](Watts p) { return std::abs(p.value() - 5) > 1.2; });
    EXPECT_EQ(far, 5) << seed;
  }
}

TEST(SyntheticNetwork, AlternatingAlternates) {
  const auto powers = made(PowerProfile::alternating, 1).powers;
  for (std::size_t i = 0; i < powers.size(); ++i) EXPECT_NEAR(powers[i].value(), i % 2 == 0 ? 7 : 3, 1.2);
}

TEST(SyntheticNetwork, FewerLayersThanOutliersIsFine) {
  NetworkSettings settings;
  settings.profile = PowerProfile::outlier;
  settings.layers = 2;
  settings.length = microseconds(1000);
  Random random{1, "network"};
  EXPECT_EQ(make_network(settings, random).powers.size(), 2U);
}

}  // namespace
}  // namespace layerwatt::simulation
