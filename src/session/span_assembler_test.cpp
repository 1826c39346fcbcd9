// SPDX-License-Identifier: Apache-2.0
#include "session/span_assembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "runner/protocol.h"

namespace layerwatt {
namespace {

class Assembling : public testing::Test {
 protected:
  static Instant at(int ns) { return Instant{Nanoseconds{ns}}; }
  void put(MarkKind kind, const std::string& name, std::uint32_t number, int ns, std::uint32_t thread = 0) {
    const auto id = ids_.try_emplace(name, static_cast<std::uint32_t>(ids_.size() + 1)).first->second;
    assembler_.mark({kind, thread, id, name, number, at(ns)});
  }
  void begin(const std::string& name, std::uint32_t number, int ns, std::uint32_t thread = 0) {
    put(MarkKind::begin, name, number, ns, thread);
  }
  void end(const std::string& name, std::uint32_t number, int ns, std::uint32_t thread = 0) {
    put(MarkKind::end, name, number, ns, thread);
  }
  void pair(const std::string& name, std::uint32_t number, int from, int to) {
    begin(name, number, from);
    end(name, number, to);
  }
  void expect_span(const LayerSpan& span, std::uint32_t layer, std::uint32_t inference, int from, int to) {
    EXPECT_EQ(span.layer, layer);
    EXPECT_EQ(span.inference, inference);
    EXPECT_EQ(span.begin, at(from));
    EXPECT_EQ(span.end, at(to));
  }
  std::map<std::string, std::uint32_t> ids_;
  SpanAssembler assembler_{3};
};

TEST_F(Assembling, MakesSpansOfARun) {
  assembler_.begin_run(100);
  for (std::uint32_t i = 0; i < 2; ++i) {
    const int t = static_cast<int>(i) * 100;
    begin(inference_mark, i, t);
    pair("lw:layer/0", i, t + 1, t + 10);
    pair("lw:layer/2", i, t + 10, t + 30);
    end(inference_mark, i, t + 40);
  }
  const auto spans = assembler_.take_spans();
  ASSERT_EQ(spans.size(), 4U);
  expect_span(spans[0], 0, 100, 1, 10);
  expect_span(spans[1], 2, 100, 10, 30);
  expect_span(spans[2], 0, 101, 101, 110);
  expect_span(spans[3], 2, 101, 110, 130);
  const auto inferences = assembler_.take_inferences();
  ASSERT_EQ(inferences.size(), 2U);
  EXPECT_EQ(inferences[1].inference, 101U);
  EXPECT_EQ(inferences[1].begin, at(100));
  EXPECT_EQ(inferences[1].end, at(140));
  EXPECT_TRUE(assembler_.take_spans().empty()) << "taken once";
  EXPECT_EQ(assembler_.counts().orphaned_begins + assembler_.counts().orphaned_ends, 0U);
}

TEST_F(Assembling, LosesOnlyTheSpanWhoseMarkWasLost) {
  assembler_.begin_run(0);
  begin(inference_mark, 0, 0);
  begin("lw:layer/0", 0, 1);  // its end was dropped
  pair("lw:layer/1", 0, 2, 3);
  end(inference_mark, 0, 4);
  // The begin of inference 1 was dropped.
  pair("lw:layer/0", 1, 11, 12);
  end("lw:layer/1", 1, 13);  // its begin was dropped
  end(inference_mark, 1, 14);
  const auto spans = assembler_.take_spans();
  ASSERT_EQ(spans.size(), 2U);
  expect_span(spans[0], 1, 0, 2, 3);
  expect_span(spans[1], 0, 1, 11, 12);
  EXPECT_EQ(assembler_.take_inferences().size(), 1U);
  EXPECT_EQ(assembler_.counts().orphaned_begins, 1U);
  EXPECT_EQ(assembler_.counts().orphaned_ends, 2U);
}

TEST_F(Assembling, NeverPairsABeginWithTheEndOfAnotherInference) {
  assembler_.begin_run(0);
  begin("lw:layer/0", 0, 1);
  end("lw:layer/0", 1, 12);
  EXPECT_TRUE(assembler_.take_spans().empty());
  assembler_.begin_run(50);
  EXPECT_EQ(assembler_.counts().orphaned_begins, 1U) << "what was open when the next run begins";
  end("lw:layer/0", 0, 13);
  EXPECT_TRUE(assembler_.take_spans().empty());
}

TEST_F(Assembling, KeepsThreadsApartAndSortsTheirSpansByEnd) {
  assembler_.begin_run(0);
  begin("lw:layer/0", 0, 1, 7);
  begin("lw:layer/1", 0, 2, 8);
  end("lw:layer/1", 0, 9, 8);
  end("lw:layer/0", 0, 5, 7);
  end("lw:layer/0", 0, 6, 8);  // of a thread that never began it
  const auto spans = assembler_.take_spans();
  ASSERT_EQ(spans.size(), 2U);
  expect_span(spans[0], 0, 0, 1, 5);
  expect_span(spans[1], 1, 0, 2, 9);
  EXPECT_EQ(assembler_.counts().orphaned_ends, 1U);
}

// As rings are drained: each thread's marks in its own order, and the next mark from any of them. Thread t
// runs the inferences t, t + 3, t + 6, ... and loses the begin of its layer 1 in one of them.
TEST_F(Assembling, KeepsInferencesInFlightApartHoweverTheirMarksAreInterleaved) {
  struct Written {
    MarkKind kind;
    std::string name;
    std::uint32_t number;
    int at;
  };
  constexpr std::uint32_t threads = 3, rounds = 20;
  const auto lost = [](std::uint32_t inference) { return inference / threads == 7; };
  std::vector<std::deque<Written>> rings(threads);
  for (std::uint32_t inference = 0; inference < threads * rounds; ++inference) {
    auto& ring = rings[inference % threads];
    const int start = static_cast<int>(1000 * (inference / threads) + 7 * (inference % threads));
    ring.push_back({MarkKind::begin, inference_mark, inference, start});
    for (int layer = 0; layer < 3; ++layer) {
      const std::string name = "lw:layer/" + std::to_string(layer);
      if (layer != 1 || !lost(inference))
        ring.push_back({MarkKind::begin, name, inference, start + 100 * layer + 1});
      ring.push_back({MarkKind::end, name, inference, start + 100 * layer + 50});
    }
    ring.push_back({MarkKind::end, inference_mark, inference, start + 300});
  }
  assembler_.begin_run(500);
  std::mt19937 random{3};
  std::vector<LayerSpan> spans;
  std::vector<MarkedInference> inferences;
  const auto take = [&] {
    const auto more_spans = assembler_.take_spans();
    const auto more_inferences = assembler_.take_inferences();
    EXPECT_TRUE(std::is_sorted(more_spans.begin(), more_spans.end(),
                               [](const LayerSpan& a, const LayerSpan& b) { return a.end < b.end; }));
    spans.insert(spans.end(), more_spans.begin(), more_spans.end());
    inferences.insert(inferences.end(), more_inferences.begin(), more_inferences.end());
  };
  for (std::size_t left = threads; left > 0;) {
    const auto thread = static_cast<std::uint32_t>(random() % threads);
    if (rings[thread].empty()) continue;
    const Written next = rings[thread].front();
    rings[thread].pop_front();
    put(next.kind, next.name, next.number, next.at, thread);
    if (rings[thread].empty()) --left;
    if (random() % 10 == 0) take();
  }
  take();

  ASSERT_EQ(inferences.size(), threads * rounds);
  ASSERT_EQ(spans.size(), 3 * threads * rounds - threads);
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (const LayerSpan& span : spans) {
    ASSERT_GE(span.inference, 500U);
    const std::uint32_t inference = span.inference - 500;
    const int start = static_cast<int>(1000 * (inference / threads) + 7 * (inference % threads)),
              layer = static_cast<int>(span.layer);
    expect_span(span, span.layer, span.inference, start + 100 * layer + 1, start + 100 * layer + 50);
    EXPECT_FALSE(span.layer == 1 && lost(inference)) << inference;
    EXPECT_TRUE(seen.emplace(span.inference, span.layer).second) << "twice";
  }
  for (const MarkedInference& one : inferences)
    EXPECT_EQ(one.end - one.begin, Nanoseconds{300}) << one.inference;
  EXPECT_EQ(assembler_.counts().orphaned_ends, threads);
  EXPECT_EQ(assembler_.counts().orphaned_begins, 0U);
}

TEST_F(Assembling, AThreadThatEndsOrphansItsOwnMarksAlone) {
  assembler_.begin_run(0);
  begin(inference_mark, 0, 0, 1);
  begin(inference_mark, 1, 1, 2);
  begin("lw:layer/0", 0, 2, 1);
  begin("lw:layer/0", 1, 3, 2);
  assembler_.thread_ended(1);
  end("lw:layer/0", 1, 4, 2);
  end(inference_mark, 1, 5, 2);
  const auto spans = assembler_.take_spans();
  ASSERT_EQ(spans.size(), 1U);
  expect_span(spans[0], 0, 1, 3, 4);
  EXPECT_EQ(assembler_.take_inferences().size(), 1U);
  EXPECT_EQ(assembler_.counts().orphaned_begins, 2U);
}

TEST_F(Assembling, RefusesWhatCannotBe) {
  assembler_.begin_run(0);
  pair("lw:layer/3", 0, 1, 2);  // one past the last layer
  pair("lw:layer/", 0, 1, 2);
  pair("lw:layer/0x", 0, 1, 2);
  pair("lw:layer/-1", 0, 1, 2);
  pair("lw:layer/99999999999", 0, 1, 2);
  pair("lw:layer/0", most_inferences_a_run, 1, 2);
  EXPECT_EQ(assembler_.counts().impossible, 12U);
  pair("lw:layer/0", 0, 2, 1);  // ends before it begins
  EXPECT_EQ(assembler_.counts().impossible, 13U);
  pair("conv1", 0, 1, 2);
  put(MarkKind::instant, "lw:layer/0", 0, 1);
  EXPECT_EQ(assembler_.counts().foreign, 3U);
  EXPECT_TRUE(assembler_.take_spans().empty());
}

TEST_F(Assembling, StaysBoundedWhenEndsNeverCome) {
  assembler_.begin_run(0);
  constexpr std::uint64_t many = 10'000;
  for (std::uint64_t i = 0; i < many; ++i) begin("lw:layer/0", 0, 1);
  EXPECT_GT(assembler_.counts().orphaned_begins, many - 100);
  assembler_.thread_ended(0);
  EXPECT_EQ(assembler_.counts().orphaned_begins, many);
}

}  // namespace
}  // namespace layerwatt
