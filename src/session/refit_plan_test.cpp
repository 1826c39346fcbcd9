// SPDX-License-Identifier: Apache-2.0
#include "session/refit_plan.h"

#include <gtest/gtest.h>

#include <limits>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

constexpr auto never = std::numeric_limits<std::uint64_t>::max();

ProfileOptions::Refit needs(std::optional<std::uint64_t> inferences) { return {false, inferences, ""}; }

TEST(RefitPlan, NeverComesWhenNobodyAskedForAPrecision) {
  const RefitPlan plan{false};
  EXPECT_EQ(plan.until_next(1'000'000), never);
  EXPECT_FALSE(plan.due(1'000'000));
}

TEST(RefitPlan, DoublesWhileNothingIsPredicted) {
  RefitPlan plan{true};
  EXPECT_EQ(plan.until_next(0), 50u);
  EXPECT_FALSE(plan.due(49));
  EXPECT_TRUE(plan.due(50));
  plan.add(50, std::nullopt, 1ms);
  EXPECT_EQ(plan.until_next(50), 50u);
  plan.add(100, needs(std::nullopt), 1ms);
  EXPECT_EQ(plan.until_next(100), 100u);
  plan.add(200, needs(100'000), 1ms);
  EXPECT_EQ(plan.until_next(260), 140u);
}

TEST(RefitPlan, AimsAtThePredictionWhenThatIsLessThanDouble) {
  RefitPlan plan{true};
  plan.add(100, needs(150), 1ms);
  EXPECT_EQ(plan.until_next(100), 50u);
  plan.add(150, needs(151), 1ms);
  EXPECT_EQ(plan.until_next(150), 30u);  // a fifth more, whatever is predicted
}

TEST(RefitPlan, ForgetsAPredictionOnlyAfterTwoRefitsWithoutOne) {
  RefitPlan plan{true};
  plan.add(100, needs(500), 1ms);
  plan.add(200, needs(std::nullopt), 1ms);
  EXPECT_EQ(plan.needed(), 500u);
  plan.add(400, needs(std::nullopt), 1ms);
  EXPECT_FALSE(plan.needed());
}

TEST(RefitPlan, IsOverWhenThePrecisionIsReached) {
  RefitPlan plan{true};
  plan.add(50, ProfileOptions::Refit{true, 50, ""}, 1ms);
  EXPECT_TRUE(plan.reached());
  EXPECT_EQ(plan.until_next(50), never);
}

TEST(RefitPlan, ExpectsToTakeLongerWithMoreToRead) {
  RefitPlan plan{true};
  EXPECT_EQ(plan.cost(50), 0ns);
  plan.add(50, std::nullopt, 10ms);
  EXPECT_EQ(plan.cost(100), 20ms);
}

}  // namespace
}  // namespace layerwatt
