// SPDX-License-Identifier: Apache-2.0
#include "simulation/random.h"

#include <gtest/gtest.h>

namespace layerwatt::simulation {
namespace {

// Written down once: these numbers may never change, or old seeds would mean other runs.
TEST(Random, GivesTheSameNumbersEverywhere) {
  Random random{1, "test"};
  EXPECT_EQ(random.bits(), 0x92a91b712585115U);
  EXPECT_EQ(random.uniform(), 0x1.0d2bcb27fe8acp-3);
  EXPECT_EQ(random.normal(), 0x1.ab62c2b89a004p+0);
  EXPECT_EQ(random.normal(), -0x1.412acd044980ep+1);  // from the far part of the quantile function
  EXPECT_EQ(random.exponential(), 0x1.ead4e40b963f2p-2);
  EXPECT_EQ(portable_hash("conv1"), 0xdaba1882070f10dbU);
}

TEST(Random, StreamsAndSeedsDiffer) {
  EXPECT_NE(Random(1, "a").bits(), Random(1, "b").bits());
  EXPECT_NE(Random(1, "a").bits(), Random(2, "a").bits());
  EXPECT_EQ(Random(1, "a").bits(), Random(1, "a").bits());
}

// n = 40 000. Five standard errors: mean 1/sqrt(n), variance sqrt(2/n), fourth moment sqrt(96/n).
TEST(Random, NormalNumbersHaveNormalMoments) {
  constexpr int n = 40'000;
  Random random{3, "moments"};
  double sum = 0, squares = 0, fourths = 0;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  EXPECT_NEAR(sum / n, 0, 5 * 0.005);
  EXPECT_NEAR(squares / n, 1, 5 * 0.00707);
  EXPECT_NEAR(fourths / n, 3, 5 * 0.049);
}

// Mean 1, standard error 1/sqrt(n) = 0.005.
TEST(Random, ExponentialNumbersHaveMeanOne) {
  constexpr int n = 40'000;
  Random random{4, "exponential"};
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += random.exponential();
  EXPECT_NEAR(sum / n, 1, 5 * 0.005);
}

}  // namespace
}  // namespace layerwatt::simulation
