// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "boards/mobilenet_v2_layers.h"
#include "boards/testing/built_in.h"
#include "boards/virtual_board.h"
#include "boards/virtual_power.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

VirtualRun runs(std::uint32_t inferences) {
  VirtualRun run;
  run.inferences = inferences;
  run.shortest_gap = 300us;
  run.longest_gap = 900us;
  run.start = Instant{5s};
  return run;
}

TEST(LayerWork, TakesTheLongerOfComputingAndMovingAndTheLaunch) {
  BoardModel model;
  model.macs_per_second = 1e11;
  model.bytes_per_second = 1e10;
  model.launch = 50us;
  Layer computes, moves, unknown;
  computes.macs = 20'000'000;
  computes.bytes = 1'000'000;
  moves.macs = 1'000'000;
  moves.bytes = 2'000'000;
  EXPECT_EQ(work_of(model, computes).time, 250us);
  EXPECT_NEAR(work_of(model, computes).computing, 0.8, 1e-9);
  EXPECT_NEAR(work_of(model, computes).moving, 0.4, 1e-9);
  EXPECT_EQ(work_of(model, moves).time, 250us);
  EXPECT_EQ(work_of(model, unknown).time, 50us);
  EXPECT_EQ(work_of(model, unknown).computing, 0);
}

TEST(LayerWork, NegativeCountsCountNothing) {
  Layer layer;
  layer.macs = std::numeric_limits<std::int64_t>::min();
  layer.bytes = -1;
  EXPECT_EQ(work_of(*nano().model, layer).time, nano().model->launch);
}

// 0.5 % an inference, 1.5 % a layer: the mean of 2000 is known to 1.6 % / sqrt(2000) = 0.04 %; five of them.
TEST(VirtualExecution, LayersTakeTheirTimeOnAverage) {
  std::vector<Layer> layers(1);
  layers[0].macs = 45'000'000;
  const auto done = execute_virtually(nano(), layers, runs(2000));
  ASSERT_TRUE(done);
  double sum = 0, squares = 0;
  for (const LayerSpan& span : done->spans) {
    const double t = seconds(span.end - span.begin) / 500e-6;
    sum += t;
    squares += t * t;
  }
  EXPECT_NEAR(sum / 2000, 1, 0.0018);
  EXPECT_NEAR(std::sqrt(squares / 2000 - sum * sum / 4e6), 0.0158, 0.0158 * 5 / std::sqrt(4000));
}

TEST(VirtualExecution, EverythingIsInOrderAndNumbered) {
  VirtualRun run = runs(20);
  run.first_inference = 40;
  run.block = 3;
  const auto layers = mobilenet_v2_layers();
  const auto done = execute_virtually(nano(), layers, run);
  ASSERT_TRUE(done);
  ASSERT_EQ(done->spans.size(), 20 * layers.size());
  Instant at = run.start;
  for (std::size_t i = 0; i < 20; ++i) {
    const Inference& inference = done->inferences[i];
    EXPECT_EQ(inference.block, 3U);
    EXPECT_GE(inference.load_begin, at);
    EXPECT_GT(inference.compute_begin, inference.load_begin);
    at = inference.compute_begin;
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      const LayerSpan& span = done->spans[i * layers.size() + layer];
      EXPECT_EQ(span.layer, layer);
      EXPECT_EQ(span.inference, 40 + i);
      EXPECT_GE(span.begin, at);
      EXPECT_GT(span.end, span.begin);
      at = span.end;
    }
    EXPECT_EQ(inference.compute_end, at);
    EXPECT_GT(inference.unload_end, inference.compute_end);
    const Instant next = i + 1 < 20 ? done->inferences[i + 1].load_begin : done->end;
    EXPECT_GE(next - inference.unload_end, 300us);
    EXPECT_LE(next - inference.unload_end, 900us);
    at = next;
  }
}

TEST(VirtualExecution, MarksCostTimeOnlyWhereTheyAreSet) {
  VirtualRun run = runs(50);
  const auto layers = mobilenet_v2_layers();
  const auto marked = execute_virtually(nano(), layers, run);
  run.phase = Phase::latency;
  const auto unmarked = execute_virtually(nano(), layers, run);
  const auto compute = [](const Inference& i) { return i.compute_end - i.compute_begin; };
  // The same seed: the same layer times, but for the marks.
  EXPECT_EQ(compute(marked->inferences[7]) - compute(unmarked->inferences[7]), 98us);
}

TEST(VirtualExecution, OneSeedGivesOneExecution) {
  const auto layers = mobilenet_v2_layers();
  VirtualRun run = runs(5);
  const auto first = execute_virtually(nano(), layers, run);
  EXPECT_EQ(first->spans, execute_virtually(nano(), layers, run)->spans);
  run.seed = 2;
  EXPECT_NE(first->spans, execute_virtually(nano(), layers, run)->spans);
}

TEST(VirtualExecution, AbsurdLayersAreRefusedNotRun) {
  std::vector<Layer> layers(3);
  for (Layer& layer : layers) layer.macs = std::numeric_limits<std::int64_t>::max();
  const auto done = execute_virtually(nano(), layers, runs(1));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::unsupported);
}

TEST(VirtualExecution, NoLayersAndNoInferencesAreFine) {
  EXPECT_TRUE(execute_virtually(nano(), {}, runs(3))->spans.empty());
  EXPECT_EQ(execute_virtually(nano(), mobilenet_v2_layers(), runs(0))->end, Instant{5s});
}

TEST(VirtualExecution, BoardWithoutAModelIsUnsupported) {
  const auto done = execute_virtually(*board_named("jetson-tx1"), mobilenet_v2_layers(), runs(1));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::unsupported);
}

TEST(BoardPower, TotalHoldsItsPartsAndTheirLosses) {
  const auto layers = mobilenet_v2_layers();
  const auto power = power_of(nano(), layers);
  ASSERT_TRUE(power);
  EXPECT_EQ(power->rails[power->total], "POM_5V_IN");
  EXPECT_NEAR(power->idle[0].value(), 1.2 + 1.01 * (0.06 + 0.3), 1e-12);
  for (const auto& layer : power->layers) EXPECT_GT(layer[0], 1.2 * Watts{1} + 1.01 * (layer[1] + layer[2]));
}

TEST(BoardPower, LayersOfTheSameWorkDifferByTheirNameAlone) {
  std::vector<Layer> layers(3);
  layers[0].name = layers[1].name = "conv1";
  layers[2].name = "conv2";
  const auto power = power_of(nano(), layers);
  EXPECT_EQ(power->layers[0], power->layers[1]);
  EXPECT_NE(power->layers[0], power->layers[2]);
}

}  // namespace
}  // namespace layerwatt
