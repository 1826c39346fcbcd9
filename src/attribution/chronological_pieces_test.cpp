// SPDX-License-Identifier: Apache-2.0
#include "attribution/chronological_pieces.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "attribution/testing/hand_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using testing::at_ms;
using testing::hand_rail;
using testing::hand_run;

struct Found {
  double begin, end;
  std::size_t column;
  bool operator==(const Found&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Found& found) {
  return out << found.begin << ".." << found.end << ":" << found.column;
}

double ms(Instant when) { return seconds(when.time_since_epoch()) * 1e3; }

std::vector<Found> pieces_of(const Execution& execution) {
  std::vector<Found> found;
  Pieces pieces{execution, execution.segments, 2};
  pieces.divide(Instant{}, Instant::max(), [&](std::size_t column, Instant begin, Instant end) {
    found.push_back({ms(begin), ms(end), column});
  });
  return found;
}

TEST(Pieces, AreLayersAndTheTimeBetween) {
  const std::vector<Found> expected{{0, 1, 2},   {1, 5, 0},   {5, 11, 1},  {11, 12, 2},
                                    {20, 21, 2}, {21, 25, 0}, {25, 31, 1}, {31, 32, 2}};
  const Timeline timeline = hand_run();
  EXPECT_EQ(pieces_of(execution_of(timeline)), expected);
}

TEST(Pieces, LeaveOutWhatWasNotMarked) {
  Timeline timeline = hand_run(3);
  timeline.spans.erase(timeline.spans.begin() + 2);  // the first layer of the second inference
  timeline.markers.dropped = 1;
  const std::vector<Found> expected{{0, 1, 2},   {1, 5, 0},   {5, 11, 1},  {11, 12, 2},
                                    {40, 41, 2}, {41, 45, 0}, {45, 51, 1}, {51, 52, 2}};
  EXPECT_EQ(pieces_of(execution_of(timeline)), expected);
}

TEST(Pieces, HaveNoneForALayerWithoutTime) {
  Timeline timeline = hand_run(1);
  timeline.spans[0].end = timeline.spans[0].begin;
  const std::vector<Found> expected{{0, 5, 2}, {5, 11, 1}, {11, 12, 2}};
  EXPECT_EQ(pieces_of(execution_of(timeline)), expected);
}

TEST(Pieces, CutLayersToTheirInference) {
  Timeline timeline = hand_run(1);
  timeline.spans[0].begin = at_ms(0);
  timeline.inferences[0].load_begin = at_ms(0.5);
  timeline.spans[1].end = at_ms(14);
  const std::vector<Found> expected{{0.5, 5, 0}, {5, 12, 1}};
  EXPECT_EQ(pieces_of(execution_of(timeline)), expected);
}

TEST(Pieces, OfAnInferenceAreNotLayersOfAnother) {
  const Timeline timeline = hand_run();
  Execution execution = execution_of(timeline);
  std::vector<Segment> segments = execution.segments.copy();
  segments[1].inference = 1;  // lies in the first, says it is of the second
  execution.segments = std::move(segments);
  const std::vector<Found> expected{{0, 1, 2},   {1, 5, 0},   {5, 12, 2}, {20, 21, 2},
                                    {21, 25, 0}, {25, 31, 1}, {31, 32, 2}};
  EXPECT_EQ(pieces_of(execution), expected);
}

TEST(Pieces, AreCutWhereAStretchBeginsAndEnds) {
  const Timeline timeline = hand_run();
  const Execution execution = execution_of(timeline);
  Pieces pieces{execution, execution.segments, 2};
  std::vector<Found> found;
  for (const auto& [from, to] : {std::pair{0.0, 0.5}, {0.5, 3.0}, {4.0, 6.0}, {15.0, 20.5}, {31.5, 40.0}})
    pieces.divide(at_ms(from), at_ms(to), [&](std::size_t column, Instant begin, Instant end) {
      found.push_back({ms(begin), ms(end), column});
    });
  const std::vector<Found> expected{{0, 0.5, 2}, {0.5, 1, 2},   {1, 3, 0},    {4, 5, 0},
                                    {5, 6, 1},   {20, 20.5, 2}, {31.5, 32, 2}};
  EXPECT_EQ(found, expected);
}

std::vector<ReadingWindow> windows(const RailRecord& rail) { return windows_of(PowerTrace{rail}); }

TEST(ReadWindows, LeaveOutWhatIsNoReading) {
  RailRecord rail = hand_rail({{1, 2, 5}, {2, 3, std::nan("")}, {4, 3, 5}, {1.2, 1.4, 5}, {4, 5, 6}});
  rail.readings.push_back({at_ms(6), at_ms(7), Joules{1}});
  rail.readings.push_back({Instant::min(), Instant::max(), Watts{1}});
  const auto found = windows(rail);
  // No number; ends before it begins; happened before the first one.
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].from, at_ms(1));
  EXPECT_EQ(found[0].to, at_ms(2));
  EXPECT_EQ(found[1].from, at_ms(4));
  EXPECT_EQ(found[1].power, Watts{6});
}

TEST(ReadWindows, GiveEachMomentToTheEarlierRead) {
  const auto found = windows(hand_rail({{1, 4, 5}, {3, 6, 6}, {4, 5.9, 7}}));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[1].from, at_ms(4));
  EXPECT_EQ(found[1].to, at_ms(6));
  EXPECT_EQ(found[2].from, at_ms(6));
  EXPECT_EQ(found[2].to, at_ms(6));
}

TEST(CountWindows, LieBetweenChangesOfTheCounter) {
  RailRecord rail;
  rail.channel.meaning = Meaning::energy_total;
  for (const auto& [when, joules] : std::vector<std::pair<double, double>>{{1, 2.0}, {2, 2.5}, {4, 3.5}})
    rail.readings.push_back({at_ms(when - 0.1), at_ms(when + 0.1), Joules{joules}});
  const auto found = windows(rail);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].from, at_ms(2));
  EXPECT_EQ(found[1].to, at_ms(4));
  EXPECT_DOUBLE_EQ(found[0].power.value(), 500);
  EXPECT_DOUBLE_EQ(found[1].power.value(), 500);
  EXPECT_DOUBLE_EQ(found[1].weight, 2e-3);
}

}  // namespace
}  // namespace layerwatt
