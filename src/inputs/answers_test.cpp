// SPDX-License-Identifier: Apache-2.0
#include "inputs/answers.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace layerwatt {
namespace {

AnswerCounts counted(const std::vector<float>& output, std::size_t batch,
                     const std::vector<std::uint32_t>& labels) {
  AnswerCounts counts;
  const auto done = count_answers(output, batch, labels, counts);
  EXPECT_TRUE(done) << done.error().detail;
  return counts;
}

TEST(CountAnswers, SeesTheFirstAndTheFirstFive) {
  const std::vector<float> output{0.1F, 0.9F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F};  // best to worst: 1 6 5 4 3 2 0
  const auto is = [&](std::uint32_t label) {
    const AnswerCounts counts = counted(output, 1, {label});
    return std::pair{counts.top1, counts.top5};
  };
  EXPECT_EQ(is(1), (std::pair<std::uint64_t, std::uint64_t>{1, 1}));
  EXPECT_EQ(is(3), (std::pair<std::uint64_t, std::uint64_t>{0, 1}));
  EXPECT_EQ(is(2), (std::pair<std::uint64_t, std::uint64_t>{0, 0}));
}

TEST(CountAnswers, OneAnswerToEverythingIsRightForOneClass) {
  std::uint64_t right = 0;
  for (std::uint32_t label = 0; label < 10; ++label)
    right += counted(std::vector<float>(10, 0.0F), 1, {label}).top1;
  EXPECT_EQ(right, 1U);
}

TEST(CountAnswers, TakesOnlyThoseOfABatchThatHaveLabels) {
  const AnswerCounts counts = counted({1, 0, 0, 1, 1, 0}, 3, {0, 1});
  EXPECT_EQ(counts.pictures, 2U);
  EXPECT_EQ(counts.top1, 2U);
  EXPECT_EQ(counts.classes, 2U);
}

TEST(CountAnswers, ValuesThatAreNotFiniteAreNeverRight) {
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const AnswerCounts counts = counted({9, odd, 0}, 1, {0});
    EXPECT_EQ(counts.top1, 0U);
    EXPECT_EQ(counts.top5, 0U);
    EXPECT_EQ(counts.not_finite, 1U);
    EXPECT_EQ(counts.pictures, 1U);
  }
}

TEST(CountAnswers, RefusesWhatIsNoClassifierAndLabelsBeyondIt) {
  AnswerCounts counts;
  const std::vector<float> output(7);
  const std::vector<std::uint32_t> labels{7};
  EXPECT_FALSE(count_answers(output, 2, labels, counts));
  EXPECT_FALSE(count_answers(std::span{output}.first(1), 1, labels, counts));
  EXPECT_FALSE(count_answers({}, 1, labels, counts));
  EXPECT_FALSE(count_answers(output, 1, labels, counts));
}

}  // namespace
}  // namespace layerwatt
