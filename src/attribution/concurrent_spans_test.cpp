// SPDX-License-Identifier: Apache-2.0
#include "attribution/concurrent_spans.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Marked {
  std::uint32_t layer;
  Nanoseconds begin, end;
};

// The same spans in each of `inferences` inferences of 1 s.
Execution execution_of(const std::vector<Marked>& spans, int inferences = 2,
                       const std::vector<Layer>& layers = std::vector<Layer>(4)) {
  Timeline timeline;
  timeline.complete = true;
  timeline.layers = layers;
  for (int i = 0; i < inferences; ++i) {
    const Instant at{i * 1s};
    timeline.inferences.push_back({Phase::energy, 0, at, at, at + 1s, at + 1s});
    for (const Marked& span : spans)
      timeline.spans.push_back({span.layer, static_cast<std::uint32_t>(i), at + span.begin, at + span.end});
  }
  Execution execution = layerwatt::execution_of(timeline);
  execution.segments = execution.segments.copy();  // the timeline ends here
  return execution;
}

long whole_ms(Instant t) { return static_cast<long>(t.time_since_epoch() / 1ms); }

// Segments of the first inference as text: layer@begin-end, in ms.
std::vector<std::string> segments_of(const Execution& execution) {
  std::vector<std::string> all;
  for (const Segment one : execution.segments)
    if (one.inference == 0)
      all.push_back(fmt::format("{}@{}-{}", one.layer, whole_ms(one.begin), whole_ms(one.end)));
  return all;
}

// Stretches of the first inference as text: layers@begin-end, in ms.
std::vector<std::string> stretches_of(const Execution& execution) {
  std::vector<std::string> all;
  for (const Stretch& one : execution.stretches) {
    if (one.inference != 0) continue;
    const auto first = execution.running.begin() + one.first;
    all.push_back(fmt::format("{}@{}-{}", fmt::join(first, first + one.count, "+"), whole_ms(one.begin),
                              whole_ms(one.end)));
  }
  return all;
}

TEST(ConcurrentSpans, OneAfterTheOtherNeedsNothing) {
  const Execution execution =
      execution_of({{0, 0ms, 10ms}, {1, 10ms, 20ms}, {2, 20ms, 20ms}, {3, 20ms, 30ms}});
  EXPECT_FALSE(execution.overlapping);
  EXPECT_THAT(execution.spans, IsEmpty());
  EXPECT_THAT(execution.stretches, IsEmpty());
  EXPECT_EQ(execution.runs().size(), 8U);
}

TEST(ConcurrentSpans, EachMomentHasOneOwnerAndAllThatRan) {
  const Execution execution = execution_of({{0, 0ms, 10ms}, {1, 4ms, 20ms}, {2, 30ms, 40ms}});
  EXPECT_TRUE(execution.overlapping);
  EXPECT_THAT(segments_of(execution), ElementsAre("0@0-4", "1@4-20", "2@30-40"));
  EXPECT_THAT(stretches_of(execution), ElementsAre("0@0-4", "0+1@4-10", "1@10-20", "2@30-40"));
  EXPECT_EQ(execution.runs()[0].end - execution.runs()[0].begin, 10ms);
}

TEST(ConcurrentSpans, ThreeAtOnceShareTheirMoments) {
  const Execution execution = execution_of({{0, 0ms, 10ms}, {1, 2ms, 12ms}, {2, 4ms, 14ms}});
  EXPECT_THAT(stretches_of(execution), ElementsAre("0@0-2", "0+1@2-4", "0+1+2@4-10", "1+2@10-12", "2@12-14"));
}

TEST(ConcurrentSpans, RoundingOfMarksIsNoOverlap) {
  const Execution execution = execution_of({{0, 0us, 10'001us}, {1, 10'000us, 20'000us}});
  EXPECT_FALSE(execution.overlapping);
  EXPECT_EQ(execution.segments[0].end, Instant{10ms});
}

TEST(ConcurrentSpans, AWholeKeepsWhatItsPartsLeave) {
  // In order of end, as runs have it: the whole comes last.
  const Execution execution = execution_of({{1, 0ms, 4ms}, {2, 5ms, 9ms}, {0, 0ms, 10ms}});
  EXPECT_FALSE(execution.overlapping);
  ASSERT_EQ(execution.nestings.size(), 1U);
  EXPECT_EQ(execution.nestings[0].whole, 0U);
  EXPECT_THAT(execution.nestings[0].parts, ElementsAre(1, 2));
  EXPECT_THAT(segments_of(execution), ElementsAre("0@0-0", "1@0-4", "0@4-5", "2@5-9", "0@9-10"));
  EXPECT_THAT(execution.stretches, IsEmpty());
}

TEST(ConcurrentSpans, NestsThreeDeep) {
  const Execution execution = execution_of({{2, 1ms, 9ms}, {1, 0ms, 9ms}, {0, 0ms, 10ms}});
  ASSERT_EQ(execution.nestings.size(), 2U);
  EXPECT_THAT(execution.nestings[0].parts, ElementsAre(1, 2));
  EXPECT_THAT(execution.nestings[1].parts, ElementsAre(2));
  EXPECT_THAT(segments_of(execution), ElementsAre("0@0-0", "1@0-1", "2@1-9", "1@9-9", "0@9-10"));
}

TEST(ConcurrentSpans, PartsOfAWholeMayRunAtTheSameTime) {
  const Execution execution = execution_of({{1, 1ms, 6ms}, {2, 4ms, 9ms}, {0, 0ms, 10ms}});
  EXPECT_TRUE(execution.overlapping);
  ASSERT_EQ(execution.nestings.size(), 1U);
  EXPECT_THAT(stretches_of(execution), ElementsAre("0@0-1", "1@1-4", "1+2@4-6", "2@6-9", "0@9-10"));
}

TEST(ConcurrentSpans, AShortLayerBesideALongOneIsNoPart) {
  const std::vector<Marked> spans{{1, 2ms, 6ms}, {0, 0ms, 10ms}};  // covers 40 %
  const Execution execution = execution_of(spans);
  EXPECT_THAT(execution.nestings, IsEmpty());
  EXPECT_THAT(stretches_of(execution), ElementsAre("0@0-2", "0+1@2-6", "0@6-10"));
  EXPECT_THAT(segments_of(execution), ElementsAre("0@0-2", "1@2-6", "0@6-10"));

  std::vector<Layer> named(2);
  named[0].name = named[1].module = "fire3";
  EXPECT_EQ(execution_of(spans, 2, named).nestings.size(), 1U);
}

TEST(ConcurrentSpans, ALayerThatEndsWhileAnotherGoesOnIsNoWhole) {
  const Execution execution = execution_of({{0, 0ms, 10ms}, {1, 1ms, 9ms}, {2, 8ms, 12ms}});
  EXPECT_THAT(execution.nestings, IsEmpty());
  EXPECT_THAT(stretches_of(execution), ElementsAre("0@0-1", "0+1@1-8", "0+1+2@8-9", "0+2@9-10", "2@10-12"));
}

TEST(ConcurrentSpans, OnceOutsideIsNoPart) {
  Timeline timeline;
  timeline.complete = true;
  timeline.layers.resize(2);
  for (int i = 0; i < 10; ++i) {
    const Instant at{i * 1s};
    timeline.inferences.push_back({Phase::energy, 0, at, at, at + 1s, at + 1s});
    const Nanoseconds late = i == 7 ? 4ms : 0ms;
    timeline.spans.push_back({0, static_cast<std::uint32_t>(i), at, at + 10ms});
    timeline.spans.push_back({1, static_cast<std::uint32_t>(i), at + 1ms + late, at + 8ms + late});
  }
  EXPECT_THAT(layerwatt::execution_of(timeline).nestings, IsEmpty());
}

TEST(ConcurrentSpans, EveryMomentIsGivenOnceWhateverRuns) {
  std::mt19937_64 random{3};
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<Marked> spans;
    std::vector<bool> busy(60);  // of the inference's milliseconds
    for (auto n = random() % 12 + 1; n > 0; --n) {
      const auto begin = random() % 60, end = std::min(60UL, begin + random() % 25);
      spans.push_back({static_cast<std::uint32_t>(random() % 4), begin * 1ms, end * 1ms});
      std::fill(busy.begin() + static_cast<long>(begin), busy.begin() + static_cast<long>(end), true);
    }
    const Nanoseconds covered = std::count(busy.begin(), busy.end(), true) * 1ms;
    const Execution execution = execution_of(spans, 1);
    Nanoseconds owned{}, shared{};
    Instant last{};
    for (const Segment one : execution.segments) {
      EXPECT_LE(last, one.begin);
      last = one.end;
      owned += one.end - one.begin;
    }
    EXPECT_EQ(owned, covered);
    EXPECT_EQ(execution.overlapping, !execution.stretches.empty());
    if (!execution.overlapping) continue;
    last = {};
    for (const Stretch& one : execution.stretches) {
      EXPECT_LE(last, one.begin);
      EXPECT_GT(one.count, 0U);
      last = one.end;
      shared += one.end - one.begin;
    }
    EXPECT_EQ(shared, covered);
  }
}

TEST(ConcurrentSpans, TheSameTimeTwiceIsNoNesting) {
  const Execution execution = execution_of({{0, 0ms, 10ms}, {1, 0ms, 10ms}});
  EXPECT_THAT(execution.nestings, IsEmpty());
  EXPECT_THAT(stretches_of(execution), ElementsAre("0+1@0-10"));
}

}  // namespace
}  // namespace layerwatt
