// SPDX-License-Identifier: Apache-2.0
#include "engines/opencv_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace layerwatt {
namespace {

using ::testing::ElementsAre;

// a -> relu -> b, and both summed.
Network residual() {
  Network network;
  network.inputs = {{"x", "float32", {1, 4}}};
  network.outputs = {{"s", "float32", {1, 4}}};
  network.consumed = {{"x"}, {"a"}, {"r"}, {"r", "b"}};
  network.produced = {{"a"}, {"r"}, {"b"}, {"s"}};
  for (const char* name : {"one", "relu", "two", "sum"}) {
    Layer layer;
    layer.name = name;
    layer.sources = {name};
    layer.macs = 8;
    layer.inputs = layer.outputs = {{1, 4}};
    network.layers.push_back(layer);
  }
  return network;
}

TEST(OpencvLayers, PutsALayerWithoutTimeWithTheLastOneThatMadeItsInput) {
  const OpencvRows rows = map_opencv(residual(), {{"one", "Convolution", true},
                                                  {"relu", "ReLU", false},
                                                  {"two", "Convolution", true},
                                                  {"sum", "Eltwise", false}});
  ASSERT_EQ(rows.layers.size(), 2U);
  EXPECT_THAT(rows.layers[0].sources, ElementsAre("one", "relu"));
  EXPECT_THAT(rows.layers[1].sources, ElementsAre("two", "sum"));
  EXPECT_EQ(rows.layers[1].macs, 16);
  EXPECT_EQ(rows.layers[1].implementation, "Convolution");
  EXPECT_THAT(rows.executed, ElementsAre(0U, 2U));
}

TEST(OpencvLayers, KnowsNodesOfOnnxByTheirNamesAndTheirTensors) {
  const OpencvRows rows = map_opencv(
      residual(), {{"onnx_node!one", "InnerProduct", true}, {"onnx_node_output_0!s", "Eltwise", true}});
  ASSERT_EQ(rows.layers.size(), 2U);
  EXPECT_THAT(rows.layers[0].sources, ElementsAre("one", "relu", "two"));
  EXPECT_THAT(rows.layers[1].sources, ElementsAre("sum"));
}

TEST(OpencvLayers, ListsWhatNothingComputesAndWhatOpencvAdds) {
  Network network = residual();
  const OpencvRows rows =
      map_opencv(network, {{"two", "InnerProduct", true}, {"two/permute", "Permute", true}});
  EXPECT_THAT(rows.removed, ElementsAre("one", "relu"));
  ASSERT_EQ(rows.layers.size(), 2U);
  EXPECT_EQ(rows.layers[1].name, "two/permute");
  EXPECT_EQ(rows.layers[1].type, "layout");
  EXPECT_TRUE(rows.layers[1].sources.empty());
}

}  // namespace
}  // namespace layerwatt
