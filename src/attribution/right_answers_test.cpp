// SPDX-License-Identifier: Apache-2.0
#include "attribution/right_answers.h"

#include <gtest/gtest.h>

#include <cmath>

namespace layerwatt {
namespace {

// Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3: four
// decimals.
TEST(BinomialShare, EqualsNewcombesWilsonIntervals) {
  struct Known {
    std::uint64_t right, of;
    double low, high;
  };
  for (const Known& known : {Known{81, 263, 0.2553, 0.3662},
                             {15, 148, 0.0624, 0.1605},
                             {0, 20, 0, 0.1611},
                             {1, 29, 0.0061, 0.1718}}) {
    const Share share = binomial_share(known.right, known.of);
    EXPECT_NEAR(share.low, known.low, 0.00005) << known.right;
    EXPECT_NEAR(share.high, known.high, 0.00005) << known.right;
  }
}

TEST(BinomialShare, StaysBetweenNothingAndAll) {
  EXPECT_EQ(binomial_share(0, 7).low, 0);
  EXPECT_EQ(binomial_share(7, 7).high, 1);
  EXPECT_GT(binomial_share(0, 7).high, 0);
  EXPECT_LT(binomial_share(7, 7).low, 1);
}

// By hand: 10 mJ (9 to 12), half of the answers right (0.4 to 0.6): 20 mJ; ln(10/9) = 0.10536 and ln(0.6/0.5)
// = 0.18232 give 0.21057 below; ln(12/10) = 0.18232 and ln(0.5/0.4) = 0.22314 give 0.28815 above.
TEST(CostOfRight, CarriesBothErrors) {
  const Estimate<Joules> cost{Joules{0.010}, Estimate<Joules>::Interval{Joules{0.009}, Joules{0.012}}};
  const auto right = cost_of_right(cost, {5, 0.5, 0.4, 0.6});
  ASSERT_TRUE(right && right->interval);
  EXPECT_DOUBLE_EQ(right->value.value(), 0.020);
  EXPECT_NEAR(right->interval->low.value(), 0.020 * std::exp(-0.21057), 1e-6);
  EXPECT_NEAR(right->interval->high.value(), 0.020 * std::exp(0.28815), 1e-6);
}

TEST(CostOfRight, OfACostThatMayBeNothingBeginsAtTheOutermost) {
  const Estimate<Joules> cost{Joules{1}, Estimate<Joules>::Interval{Joules{-1}, Joules{3}}};
  const auto right = cost_of_right(cost, {5, 0.5, 0.4, 0.6});
  ASSERT_TRUE(right && right->interval);
  EXPECT_DOUBLE_EQ(right->interval->low.value(), -2.5);
  EXPECT_GT(right->interval->high.value(), 6);
}

TEST(CostOfRight, IsNotKnownWhereNothingIsRight) {
  EXPECT_FALSE(cost_of_right({Joules{1}, {}}, binomial_share(0, 9)));
}

TEST(CostOfRight, HasNoIntervalWhereTheCostHasNone) {
  const auto right = cost_of_right({Joules{1}, {}}, binomial_share(5, 10));
  ASSERT_TRUE(right);
  EXPECT_FALSE(right->interval);
}

Profile profile_of_answers(const std::map<std::string, std::string>& circumstances) {
  Profile profile;
  profile.circumstances = circumstances;
  profile.rails.emplace_back();
  profile.rails[0].rail = "VDD_IN";
  profile.rails[0].inference.value = Joules{0.08};
  assess_answers(profile);
  return profile;
}

TEST(AssessAnswers, SharesTheEnergyOfABatchAmongItsPictures) {
  const Profile profile = profile_of_answers({{"accuracy.pictures", "10"},
                                              {"accuracy.top1", "5"},
                                              {"accuracy.top5", "8"},
                                              {"accuracy.classes", "10"},
                                              {"batch", "4"}});
  ASSERT_TRUE(profile.answers && profile.answers->right_energy && profile.answers->top5);
  EXPECT_DOUBLE_EQ(profile.answers->energy->value.value(), 0.02);
  EXPECT_DOUBLE_EQ(profile.answers->right_energy->value.value(), 0.04);
  EXPECT_EQ(profile.answers->top5->right, 8U);
}

TEST(AssessAnswers, HasNoTop5OfFiveClasses) {
  const Profile profile = profile_of_answers({{"accuracy.pictures", "10"},
                                              {"accuracy.top1", "5"},
                                              {"accuracy.top5", "10"},
                                              {"accuracy.classes", "5"}});
  ASSERT_TRUE(profile.answers);
  EXPECT_FALSE(profile.answers->top5);
}

TEST(AssessAnswers, DoesNotBelieveCountsThatCannotBe) {
  EXPECT_FALSE(profile_of_answers({}).answers);
  EXPECT_FALSE(profile_of_answers({{"accuracy.pictures", "0"},
                                   {"accuracy.top1", "0"},
                                   {"accuracy.top5", "0"},
                                   {"accuracy.classes", "10"}})
                   .answers);
  EXPECT_FALSE(profile_of_answers({{"accuracy.pictures", "10"},
                                   {"accuracy.top1", "11"},
                                   {"accuracy.top5", "11"},
                                   {"accuracy.classes", "10"}})
                   .answers);
}

}  // namespace
}  // namespace layerwatt
