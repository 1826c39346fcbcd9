// SPDX-License-Identifier: Apache-2.0
#include "attribution/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "attribution/testing/asked.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

// Three layers of 1, 2 and 4 s at 3, 5 and 2 W; errors of the first two are opposite.
class Modules : public ::testing::Test {
 protected:
  Modules() : energies(3), durations{1s, 2s, 4s}, covariance{0.04, -0.03, 0, -0.03, 0.09, 0, 0, 0, 0.01} {
    const double joules[]{3, 10, 8};
    for (std::size_t l = 0; l < 3; ++l)
      energies[l].energy = Estimate<Joules>{Joules{joules[l]}, std::nullopt};
  }
  [[nodiscard]] LayerSums sums() const { return {energies, durations, covariance}; }
  std::vector<LayerEnergy> energies;
  std::vector<Nanoseconds> durations;
  std::vector<double> covariance;
};

TEST_F(Modules, OppositeErrorsOfPartsCancel) {
  const std::size_t both[]{0, 1};
  const auto energy = energy_of(both, sums());
  ASSERT_TRUE(energy && energy->interval);
  EXPECT_DOUBLE_EQ(energy->value.value(), 13);
  // 1 * 0.04 + 4 * 0.09 - 2 * 1 * 2 * 0.03 = 0.28
  EXPECT_NEAR(half_width(*energy), 1.959964 * std::sqrt(0.28), 1e-12);
}

TEST_F(Modules, OfOneLayerIsThatLayer) {
  const std::size_t last[]{2};
  EXPECT_NEAR(half_width(*energy_of(last, sums())), 1.959964 * 4 * 0.1, 1e-12);
}

TEST_F(Modules, WithoutCovarianceThereIsNoInterval) {
  covariance.clear();
  const std::size_t both[]{0, 1};
  const auto energy = energy_of(both, sums());
  ASSERT_TRUE(energy);
  EXPECT_DOUBLE_EQ(energy->value.value(), 13);
  EXPECT_FALSE(energy->interval);
}

TEST_F(Modules, AnUnknownPartMakesTheSumUnknown) {
  energies[1].energy.reset();
  const std::size_t both[]{0, 1};
  EXPECT_FALSE(energy_of(both, sums()));
}

TEST_F(Modules, AreThoseThatLayersNameAndThoseThatContainOthers) {
  std::vector<Layer> layers(3);
  layers[0].module = layers[2].module = "fire3";
  layers[1].name = "whole";
  const Nesting nestings[]{{1, {2}}};
  const auto modules = modules_of(layers, nestings, sums());
  ASSERT_EQ(modules.size(), 2U);
  EXPECT_EQ(modules[0].name, "fire3");
  EXPECT_THAT(modules[0].layers, ElementsAre(0, 2));
  EXPECT_DOUBLE_EQ(modules[0].energy->value.value(), 11);
  EXPECT_EQ(modules[1].name, "whole");
  EXPECT_THAT(modules[1].layers, ElementsAre(1, 2));
  EXPECT_DOUBLE_EQ(modules[1].energy->value.value(), 18);

  layers[1].name = "fire3";  // the span of the module itself
  const auto one = modules_of(layers, nestings, sums());
  ASSERT_EQ(one.size(), 1U);
  EXPECT_THAT(one[0].layers, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace layerwatt
