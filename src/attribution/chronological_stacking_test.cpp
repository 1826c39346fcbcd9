// SPDX-License-Identifier: Apache-2.0
#include "attribution/chronological_stacking.h"

#include <gtest/gtest.h>

#include "attribution/testing/hand_run.h"
#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using testing::at_ms;
using testing::hand_run;

struct Placed {
  double begin, end;
  std::uint32_t layer;
  bool operator==(const Placed&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Placed& placed) {
  return out << placed.begin << ".." << placed.end << ":" << placed.layer;
}

// The second inference's computation is made 14 ms long: [21, 35).
std::vector<Placed> placed(Timeline timeline, Residual residual, std::uint32_t inference = 1) {
  timeline.inferences[1].compute_end = at_ms(35);
  timeline.inferences[1].unload_end = at_ms(36);
  const Execution execution = execution_of(timeline);
  std::vector<Placed> found;
  for (const Segment segment : stacked_segments(execution, marked_times(execution, 2), residual))
    if (segment.inference == inference)
      found.push_back({seconds(segment.begin.time_since_epoch()) * 1e3,
                       seconds(segment.end.time_since_epoch()) * 1e3, segment.layer});
  return found;
}

TEST(StackedSegments, LeaveTheResidualWhereItIsTold) {
  EXPECT_EQ(placed(hand_run(), Residual::end), (std::vector<Placed>{{21, 25, 0}, {25, 31, 1}}));
  EXPECT_EQ(placed(hand_run(), Residual::start), (std::vector<Placed>{{25, 29, 0}, {29, 35, 1}}));
  EXPECT_EQ(placed(hand_run(), Residual::spread), (std::vector<Placed>{{21, 25, 0}, {27, 33, 1}}));
}

TEST(StackedSegments, AreAsLongAsLayersAreInTheMean) {
  Timeline timeline = hand_run();
  timeline.spans[0].end = at_ms(4);  // 3 ms and 4 ms: 3.5 ms in the mean
  EXPECT_EQ(placed(timeline, Residual::end), (std::vector<Placed>{{21, 24.5, 0}, {24.5, 30.5, 1}}));
}

TEST(StackedSegments, AreCutOffWhereTheInferenceEnds) {
  Timeline timeline = hand_run();
  timeline.spans[2].end = timeline.spans[3].begin = at_ms(29);
  timeline.spans[3].end = at_ms(35);
  // 6 ms each in the mean: two too many for the first inference's [1, 11).
  EXPECT_EQ(placed(timeline, Residual::end, 0), (std::vector<Placed>{{1, 7, 0}, {7, 11, 1}}));
}

// [1, 5) at 5 W, [6, 12) at 3 W, 1 W else, read by a perfect sensor: with the residual of 2 ms at the start,
// the first layer stands on [3, 7).
TEST(Stacking, MovesEveryMethodAfterThePapersTheSameWay) {
  testing::SimpleRun run;
  run.between = 1ms;
  for (const char* method : {"chronological", "overlap-mean"}) {
    SCOPED_TRACE(method);
    AttributionOptions options;
    options.method = method;
    options.stacked = true;
    const auto first_layer = [&](Residual residual) {
      options.residual = residual;
      return attribute(testing::simple_run(run), options)->rails.at(0).layers[0].power->value();
    };
    EXPECT_NEAR(first_layer(Residual::end), 5, 1e-9);
    EXPECT_NEAR(first_layer(Residual::start), (2 * 5 + 1 * 1 + 1 * 3) / 4.0, 1e-9);
    EXPECT_NEAR(first_layer(Residual::spread), 5, 1e-9);
  }
}

}  // namespace
}  // namespace layerwatt
