// SPDX-License-Identifier: Apache-2.0
#include "attribution/inference_times.h"

#include <gtest/gtest.h>

#include "attribution/testing/hand_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using testing::at_ms;
using testing::hand_run;

// Of which marked_times() may make use.
std::vector<Distribution> sums(Nanoseconds first, Nanoseconds second) {
  std::vector<Distribution> runs(2);
  runs[0].sum = first;
  runs[1].sum = second;
  return runs;
}

TEST(MarkedTimes, AreMeansOfLayers) {
  const Timeline timeline = hand_run();
  const InferenceTimes times = marked_times(execution_of(timeline), 2);
  EXPECT_EQ(times.layers, (std::vector<Nanoseconds>{4ms, 6ms}));
  EXPECT_EQ(times.gap, 0ms);
  EXPECT_EQ(times.whole(), 12ms);
}

TEST(MarkedTimes, TakeTheSumsOfRunsWhereAllAreMarked) {
  const Timeline timeline = hand_run();
  const auto runs = sums(2ms, 4ms);
  EXPECT_EQ(marked_times(execution_of(timeline), 2, Moments::owned, runs).layers,
            (std::vector<Nanoseconds>{1ms, 2ms}));
}

TEST(MarkedTimes, DoNotCountRunsOfInferencesThatLostMarks) {
  Timeline timeline = hand_run(3);
  timeline.spans[2].end = at_ms(22);
  timeline.spans.erase(timeline.spans.begin() + 3);  // the second layer of the second inference
  timeline.markers.dropped = 1;
  const auto runs = sums(9ms, 12ms);
  EXPECT_EQ(marked_times(execution_of(timeline), 2, Moments::owned, runs).layers,
            (std::vector<Nanoseconds>{4ms, 6ms}));
}

TEST(MarkedTimes, DoNotCountTwiceWhatRanAtTheSameTime) {
  Timeline timeline = hand_run();
  for (const std::size_t first : {0U, 2U}) timeline.spans[first].end = timeline.spans[first + 1].end;
  const auto runs = sums(20ms, 12ms);
  EXPECT_EQ(marked_times(execution_of(timeline), 2, Moments::owned, runs).layers,
            (std::vector<Nanoseconds>{4ms, 6ms}));
}

}  // namespace
}  // namespace layerwatt
