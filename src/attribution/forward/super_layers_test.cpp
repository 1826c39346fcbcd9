// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/super_layers.h"

#include <gtest/gtest.h>

namespace layerwatt::forward {
namespace {

// Layers 1 and 2 have errors of 0.5 J each that are exactly opposite; together they are known without error.
TEST(SuperLayers, JoinsTheTwoThatCannotBeToldApart) {
  const Eigen::VectorXd energy = Eigen::VectorXd::Ones(4);
  Eigen::MatrixXd covariance = 1e-6 * Eigen::MatrixXd::Identity(4, 4);
  covariance(1, 1) = covariance(2, 2) = 0.25;
  covariance(1, 2) = covariance(2, 1) = -0.25;
  const auto units = join_layers(energy, covariance, Eigen::VectorXd::Zero(5), 0.2);
  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[1].first, 1U);
  EXPECT_EQ(units[1].last, 2U);
  EXPECT_DOUBLE_EQ(units[1].energy, 2);
  EXPECT_NEAR(units[1].deviation, 0, 1e-9);
}

TEST(SuperLayers, LeavesLayersAloneThatAreKnownWellEnough) {
  const Eigen::VectorXd energy = Eigen::VectorXd::Ones(3);
  const Eigen::MatrixXd covariance = 0.01 * Eigen::MatrixXd::Identity(3, 3);  // half-width 0.196
  EXPECT_EQ(join_layers(energy, covariance, Eigen::VectorXd::Zero(4), 0.2).size(), 3U);
}

// An inner boundary's place does not matter to the unit around it: two layers of 1 J with 0.2 J at each of
// three boundaries are 1.96 x sqrt(0.08) = 0.55 each, together 0.55 / 2.
TEST(SuperLayers, ForgetsTheBoundaryInside) {
  const auto units = join_layers(Eigen::VectorXd::Ones(2), Eigen::MatrixXd::Zero(2, 2),
                                 Eigen::VectorXd::Constant(3, 0.2), 0.3);
  ASSERT_EQ(units.size(), 1U);
  EXPECT_NEAR(units[0].deviation, std::sqrt(0.08), 1e-12);
}

TEST(SuperLayers, KeepsTogetherWhatIsGlued) {
  const Eigen::MatrixXd covariance = 0.0001 * Eigen::MatrixXd::Identity(4, 4);
  const auto units = join_layers(Eigen::VectorXd::Ones(4), covariance, Eigen::VectorXd::Zero(5), 0.2,
                                 {false, false, true, true});
  ASSERT_EQ(units.size(), 2U);
  EXPECT_EQ(units[0].last, 0U);
  EXPECT_EQ(units[1].first, 1U);
  EXPECT_EQ(units[1].last, 3U);
  EXPECT_DOUBLE_EQ(units[1].energy, 3);
  EXPECT_NEAR(units[1].deviation, std::sqrt(0.0003), 1e-12);
}

TEST(SuperLayers, EndsWithOneUnitWhenNothingHelps) {
  const Eigen::MatrixXd covariance = Eigen::MatrixXd::Constant(5, 5, 100);
  EXPECT_EQ(join_layers(Eigen::VectorXd::Ones(5), covariance, Eigen::VectorXd::Zero(6), 0.2).size(), 1U);
}

TEST(SuperLayers, JoinsALayerWhoseEnergyIsNotPositive) {
  Eigen::VectorXd energy = Eigen::VectorXd::Ones(3);
  energy[1] = -0.01;
  const Eigen::MatrixXd covariance = 1e-8 * Eigen::MatrixXd::Identity(3, 3);
  EXPECT_EQ(join_layers(energy, covariance, Eigen::VectorXd::Zero(4), 0.2).size(), 2U);
}

}  // namespace
}  // namespace layerwatt::forward
