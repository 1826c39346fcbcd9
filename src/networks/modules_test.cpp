// SPDX-License-Identifier: Apache-2.0
// Modules from the names that exporters give, from the names of parameters, and from the shape of the graph.
#include "networks/modules.h"

#include <gmock/gmock.h>

#include "networks/testing/describe.h"

namespace layerwatt {
namespace {

using testing::Each;
using testing::ElementsAre;

std::vector<std::string> modules(const TinyModel& model) {
  std::vector<std::string> all;
  for (const Layer& layer : describe(model).layers) all.push_back(layer.module);
  return all;
}

// A chain of Relus with these names.
TinyModel chain(const std::vector<std::string>& names) {
  TinyModel model;
  model.input("t0", {1, 4});
  for (std::size_t i = 0; i < names.size(); ++i)
    model.node("Relu", names[i], {"t" + std::to_string(i)}, {"t" + std::to_string(i + 1)});
  model.output("t" + std::to_string(names.size()));
  return model;
}

TEST(Modules, CaffeNamesEndWithASlash) {
  EXPECT_THAT(modules(chain({"conv1", "fire3/squeeze1x1", "fire3/relu"})), ElementsAre("", "fire3", "fire3"));
}

TEST(Modules, DottedNamesEndWithTheirFirstNumber) {
  EXPECT_THAT(modules(chain({"layer2.0.conv1", "layer2.0.downsample.0", "features.3", "fc", "blocks.1.2.norm",
                             "block3.depthwise"})),
              ElementsAre("layer2.0", "layer2.0", "features", "", "blocks.1.2", "block3"));
}

TEST(Modules, NamesOfTorchExportsAreReadAsPaths) {
  EXPECT_THAT(modules(chain({"/conv1/Relu", "/layer1/layer1.0/conv1/Relu", "/layer1/layer1.0/Relu",
                             "/layer2/layer2.0/downsample/downsample.0/Relu", "/features/features.0/Relu",
                             "/Relu_1"})),
              ElementsAre("", "layer1.0", "layer1.0", "layer2.0", "features", ""));
}

TEST(Modules, ParametersNameTheLayersThatHaveNoName) {
  TinyModel model;
  model.input("x", {1, 2, 4, 4}).weights("layer1.0.conv1.weight", {2, 2, 1, 1}).weights("onnx::Conv_7", {2});
  model.node("Conv", "Conv_0", {"x", "layer1.0.conv1.weight", "onnx::Conv_7"}, {"c"});
  model.node("Relu", "Relu_1", {"c"}, {"r"}).node("GlobalAveragePool", "Pool_2", {"r"}, {"y"}).output("y");
  EXPECT_THAT(modules(model), ElementsAre("layer1.0", "layer1.0", ""));
}

TEST(Modules, BranchesBetweenCutsAreBlocksWhereNamesSayNothing) {
  TinyModel model;
  model.input("x", {1, 4}).node("Relu", "", {"x"}, {"a"});
  model.node("Tanh", "", {"a"}, {"b"}).node("Add", "", {"a", "b"}, {"c"});
  model.node("Relu", "", {"c"}, {"d"});
  model.node("Tanh", "", {"d"}, {"e"}).node("Relu", "", {"d"}, {"f"}).node("Concat", "", {"e", "f"}, {"y"});
  model.with("axis", 1).output("y");
  EXPECT_THAT(modules(model), ElementsAre("", "block1", "block1", "", "block2", "block2", "block2"));
}

TEST(Modules, AChainHasNone) { EXPECT_THAT(modules(chain({"", "", "", ""})), Each("")); }

// Every branch leads to the end: one region that is the whole network tells nothing.
TEST(Modules, ARegionThatIsMostOfTheNetworkIsNone) {
  TinyModel model;
  model.input("x", {1, 4}).node("Relu", "", {"x"}, {"a"}).node("Tanh", "", {"a"}, {"b"});
  model.node("Relu", "", {"b"}, {"c"}).node("Add", "", {"c", "a"}, {"y"}).output("y");
  EXPECT_THAT(modules(model), Each(""));
}

}  // namespace
}  // namespace layerwatt
