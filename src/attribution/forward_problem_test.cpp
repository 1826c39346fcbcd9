// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward_problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Pair;

// Four inferences of 10 ms: layer 0 for 2 ms, with 2 in its second half, nothing for 1 ms, layers 1 and 2 at
// once; 2 ms of pause.
Timeline overlapping_run() {
  Timeline timeline;
  timeline.complete = true;
  timeline.layers.resize(3);
  for (std::uint32_t i = 0; i < 4; ++i) {
    const Instant at{i * 12ms};
    timeline.inferences.push_back({Phase::energy, 0, at, at + 1ms, at + 9ms, at + 10ms});
    timeline.spans.push_back({0, i, at + 1ms, at + 3ms});
    timeline.spans.push_back({2, i, at + 2ms, at + 9ms});
    timeline.spans.push_back({1, i, at + 4ms, at + 9ms});
  }
  return timeline;
}

ForwardProblem problem_of(const Timeline& timeline) {
  const Execution execution = execution_of(timeline);
  const InferenceTimes times = marked_times(execution, timeline.layers.size());
  return make_problem({timeline, execution, times, times});
}

TEST(ForwardProblem, EveryMomentHasAColumnOrAMixture) {
  const ForwardProblem problem = problem_of(overlapping_run());
  const auto& segments = problem.segments;
  EXPECT_EQ(segments.columns, 5U);  // layers, gaps, idle
  ASSERT_EQ(segments.mixtures.size(), 2U);
  EXPECT_THAT(segments.mixtures[0], ElementsAre(Pair(0, 0.5), Pair(2, 0.5)));
  EXPECT_THAT(segments.mixtures[1], ElementsAre(Pair(1, 0.5), Pair(2, 0.5)));
  // The column that acts at each half millisecond of an inference, and in the pause after it.
  std::vector<std::uint32_t> acting;
  for (double us = 500; us < 12'000; us += 1000)
    for (std::size_t k = 0; k < segments.column.size(); ++k)
      if (segments.knot_us[k] <= us && us < segments.knot_us[k + 1]) acting.push_back(segments.column[k]);
  EXPECT_THAT(acting, ElementsAre(3, 0, 5, 2, 6, 6, 6, 6, 6, 3, 4, 4));
  EXPECT_EQ(problem.inferences, 4U);
}

TEST(ForwardProblem, ActivityLeavesTheSumOfSharesAtOne) {
  const ForwardProblem problem = problem_of(overlapping_run());
  for (const double activity : {0.0, 0.4, 1.0}) {
    const forward::Row mixture = with_activity(problem, activity).mixtures.at(0);
    EXPECT_THAT(mixture, ElementsAre(Pair(0, 0.5 + activity / 2), Pair(2, 0.5 + activity / 2),
                                     Pair(problem.idle_column, ::testing::DoubleNear(-activity, 1e-12))));
  }
}

TEST(ForwardProblem, APreemptedInferenceIsMaskedWhereLayersOverlapToo) {
  Timeline timeline = overlapping_run();
  timeline.spans[4].begin += 300us;  // layer 2 of the second inference
  const ForwardProblem problem = problem_of(timeline);
  ASSERT_EQ(problem.masked.size(), 1U);
  EXPECT_DOUBLE_EQ(problem.masked[0].first, 12'000);
  EXPECT_DOUBLE_EQ(problem.masked[0].second, 22'000);
  EXPECT_EQ(problem.inferences, 3U);
}

TEST(ForwardProblem, WithoutOverlapThereAreNoMixtures) {
  Timeline timeline = overlapping_run();
  std::erase_if(timeline.spans, [](const LayerSpan& span) { return span.layer == 2; });
  const ForwardProblem problem = problem_of(timeline);
  EXPECT_TRUE(problem.segments.mixtures.empty());
  EXPECT_THAT(problem.column_of_layer, ElementsAre(0, 1, -1));
}

}  // namespace
}  // namespace layerwatt
