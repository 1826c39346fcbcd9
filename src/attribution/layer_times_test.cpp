// SPDX-License-Identifier: Apache-2.0
#include "attribution/layer_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Span {
  std::uint32_t layer;
  Nanoseconds begin, end;
};

LayerTimes times_of(const std::vector<std::vector<Span>>& inferences, std::size_t layers) {
  Timeline timeline;
  timeline.complete = true;
  timeline.layers.resize(layers);
  for (std::uint32_t i = 0; i < inferences.size(); ++i) {
    const Instant at{i * 1s};
    timeline.inferences.push_back({Phase::energy, 0, at, at, at + 1s, at + 1s});
    for (const Span& span : inferences[i])
      timeline.spans.push_back({span.layer, i, at + span.begin, at + span.end});
  }
  return layer_times(execution_of(timeline), layers);
}

TEST(LayerTimes, AreMeansAndVariancesOverInferences) {
  const LayerTimes times =
      times_of({{{0, 0us, 10us}, {1, 20us, 40us}}, {{0, 0us, 14us}, {1, 20us, 40us}, {0, 50us, 54us}}}, 3);
  EXPECT_DOUBLE_EQ(times.layers[0].mean_us, 14);       // 10 and 14 + 4
  EXPECT_DOUBLE_EQ(times.layers[0].variance_us2, 32);  // (16 + 16) / 1
  EXPECT_DOUBLE_EQ(times.layers[1].variance_us2, 0);
  EXPECT_DOUBLE_EQ(times.layers[2].mean_us, 0);
  EXPECT_DOUBLE_EQ(times.layers[0].excess, 0);
  EXPECT_DOUBLE_EQ(times.together, 0);
  EXPECT_THAT(times.order, ElementsAre(0, 1));
}

TEST(LayerTimes, DivideWhatLayersShare) {
  const LayerTimes times = times_of({{{1, 0us, 40us}, {0, 30us, 60us}}}, 2);
  EXPECT_DOUBLE_EQ(times.layers[1].mean_us, 35);
  EXPECT_DOUBLE_EQ(times.layers[0].mean_us, 25);
  EXPECT_DOUBLE_EQ(times.layers[1].excess, 40.0 / 35 - 1);
  EXPECT_DOUBLE_EQ(times.together, 10.0 / 60);
  EXPECT_THAT(times.order, ElementsAre(1, 0));
  EXPECT_THAT(times.inseparable, IsEmpty());
}

TEST(LayerTimes, LayersThatNeverRunAloneAreInseparable) {
  const LayerTimes times = times_of({{{0, 0us, 40us}, {1, 40us, 50us}, {2, 10us, 30us}, {3, 40us, 50us}},
                                     {{0, 0us, 40us}, {1, 40us, 52us}, {2, 20us, 44us}, {3, 40us, 52us}}},
                                    4);
  EXPECT_THAT(times.inseparable, ElementsAre(ElementsAre(1, 3)));
  EXPECT_THAT(times.order, ElementsAre(0, 2, 1, 3));
}

}  // namespace
}  // namespace layerwatt
