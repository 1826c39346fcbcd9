// SPDX-License-Identifier: Apache-2.0
#include "engines/fusion_map.h"

#include <gmock/gmock.h>

namespace layerwatt {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A network of layers "name" that each make one tensor "name_out" of 10 elements, 40 bytes.
class NetworkOf {
 public:
  NetworkOf() { network.inputs.push_back({"data", "float32", {1, 10}}); }
  NetworkOf& layer(const std::string& type, const std::string& name,
                   const std::vector<std::string>& consumed) {
    Layer layer;
    layer.name = name;
    layer.type = type;
    layer.sources = {name};
    layer.macs = type == "Conv" ? 100 : 0;
    layer.parameters = type == "Conv" ? 5 : 0;
    layer.bytes = 40;  // what it writes
    for (const auto& tensor : consumed) {
      const bool constant = tensor != "data" && tensor.find("_out") == std::string::npos;
      if (constant) continue;
      layer.inputs.push_back({1, 10});
      *layer.bytes += 40;
    }
    layer.outputs.push_back({1, 10});
    network.layers.push_back(layer);
    network.produced.push_back({name + "_out"});
    network.consumed.push_back(consumed);
    network.produced_bytes.push_back({40});
    return *this;
  }
  NetworkOf& returns(const std::string& tensor) {
    network.outputs.push_back({tensor, "float32", {1, 10}});
    return *this;
  }
  Network network;
};

std::vector<std::string> names(const FusionMap& map) {
  std::vector<std::string> found;
  for (const Layer& layer : map.layers) found.push_back(layer.name);
  return found;
}

Network residual_block() {
  NetworkOf of;
  of.layer("Conv", "stem", {"data", "stem.w"})
      .layer("Conv", "conv1", {"stem_out", "conv1.w"})
      .layer("Relu", "relu1", {"conv1_out"})
      .layer("Conv", "conv2", {"relu1_out", "conv2.w"})
      .layer("Conv", "down", {"stem_out", "down.w"})
      .layer("Add", "sum", {"conv2_out", "down_out"})
      .layer("Relu", "relu2", {"sum_out"})
      .layer("Conv", "head", {"relu2_out", "head.w"})
      .returns("head_out");
  return of.network;
}

TEST(FusionMap, KeepsLayersThatAreExecutedAsTheyAre) {
  const Network network = residual_block();
  std::vector<ExecutedNode> nodes;
  for (std::size_t l = 0; l < network.layers.size(); ++l)
    nodes.push_back(
        {network.layers[l].name, network.layers[l].type, "", network.consumed[l], network.produced[l]});
  const FusionMap map = map_fusion(network, nodes);
  EXPECT_THAT(names(map), ElementsAre("stem", "conv1", "relu1", "conv2", "down", "sum", "relu2", "head"));
  EXPECT_THAT(map.removed, IsEmpty());
}

TEST(FusionMap, FindsTheConvolutionBehindTheOutputOfItsActivation) {
  NetworkOf of;
  of.layer("Conv", "conv", {"data", "w"}).layer("BatchNormalization", "norm", {"conv_out", "s"});
  of.layer("Relu", "relu", {"norm_out"}).returns("relu_out");
  const FusionMap map =
      map_fusion(of.network, {{"conv", "FusedConv", "com.microsoft", {"data", "folded"}, {"relu_out"}}});
  EXPECT_THAT(names(map), ElementsAre("conv + norm + relu"));
  EXPECT_EQ(map.layers[0].type, "Conv");
  EXPECT_EQ(map.layers[0].implementation, "FusedConv");
  EXPECT_THAT(map.layers[0].sources, ElementsAre("conv", "norm", "relu"));
}

// The NCHWc transformer renames every tensor; the sum runs in the later of its two convolutions.
TEST(FusionMap, GivesTheSumToTheConvolutionThatRunsLast) {
  const std::string domain = "com.microsoft.nchwc";
  const FusionMap map =
      map_fusion(residual_block(),
                 {{"stem_out_nchwc", "Conv", domain, {"data", "reorder"}, {"token_0"}},
                  {"down_out_nchwc", "Conv", domain, {"token_0", "reorder_1"}, {"token_1"}},
                  {"relu1_out_nchwc", "Conv", domain, {"token_0", "reorder_2"}, {"token_2"}},
                  {"conv2_out_nchwc", "Conv", domain, {"token_2", "reorder_3", "", "token_1"}, {"token_3"}},
                  {"head_out_nchwc", "Conv", domain, {"token_3", "reorder_4"}, {"token_4"}},
                  {"ReorderOutput", "ReorderOutput", domain, {"token_4"}, {"head_out"}}});
  EXPECT_THAT(names(map),
              ElementsAre("stem", "down", "conv1 + relu1", "conv2 + sum + relu2", "head", "ReorderOutput"));
  EXPECT_THAT(map.removed, IsEmpty());
  EXPECT_EQ(map.layers[3].implementation, "Conv (nchwc)");
  EXPECT_EQ(map.layers[5].type, "layout");
  EXPECT_THAT(map.layers[5].sources, IsEmpty());
}

TEST(FusionMap, DoesTheSameWithNamesOfNodesOnly) {
  const FusionMap map = map_fusion(residual_block(), {{"stem", "Conv", "", {}, {}},
                                                      {"down", "Conv", "", {}, {}},
                                                      {"conv1", "FusedConv", "", {}, {}},
                                                      {"conv2", "FusedConv", "", {}, {}},
                                                      {"head", "Conv", "", {}, {}}});
  EXPECT_THAT(names(map), ElementsAre("stem", "down", "conv1 + relu1", "conv2 + sum + relu2", "head"));
}

TEST(FusionMap, DoesNotFuseAConvolutionIntoThePoolBeforeIt) {
  NetworkOf of;
  of.layer("MaxPool", "pool", {"data"})
      .layer("Conv", "conv", {"pool_out", "w"})
      .layer("Relu", "relu", {"conv_out"});
  of.returns("relu_out");
  const FusionMap map =
      map_fusion(of.network, {{"pool_out_nchwc", "MaxPool", "com.microsoft.nchwc", {"data"}, {"t"}},
                              {"relu_out_nchwc", "Conv", "com.microsoft.nchwc", {"t", "r"}, {"u"}}});
  EXPECT_THAT(names(map), ElementsAre("pool", "conv + relu"));
}

// Two activations with equal limits; after merging, both nodes read the constant of the second.
TEST(FusionMap, IsNotMisledByConstantsThatWereMerged) {
  NetworkOf of;
  of.layer("Clip", "first", {"data", "first.max"}).layer("Clip", "second", {"first_out", "second.max"});
  of.returns("second_out");
  const FusionMap map =
      map_fusion(of.network, {{"first", "Clip", "", {"data", "second.max"}, {"first_out"}},
                              {"second", "Clip", "", {"first_out", "second.max"}, {"second_out"}}});
  EXPECT_THAT(names(map), ElementsAre("first", "second"));
  EXPECT_THAT(map.layers[1].sources, ElementsAre("second"));
}

TEST(FusionMap, RecognisesALayerByItsBias) {
  NetworkOf of;
  of.layer("Conv", "conv", {"data", "w", "b"}).returns("conv_out");
  const FusionMap map =
      map_fusion(of.network, {{"node_17", "Conv", "x.nchwc", {"data", "reorder", "b"}, {"t"}},
                              {"ReorderOutput", "ReorderOutput", "x.nchwc", {"t"}, {"conv_out"}}});
  EXPECT_THAT(names(map), ElementsAre("conv", "ReorderOutput"));
}

TEST(FusionMap, SaysWhichLayersNobodyPerforms) {
  NetworkOf of;
  of.layer("Constant", "constant", {})
      .layer("Conv", "conv", {"data", "w"})
      .layer("Dropout", "dropout", {"conv_out"})
      .layer("Shape", "shape", {"conv_out"})
      .layer("Gather", "gather", {"shape_out", "constant_out"})
      .layer("Reshape", "flatten", {"dropout_out", "gather_out"})
      .returns("flatten_out");
  const FusionMap map =
      map_fusion(of.network, {{"conv", "Conv", "", {"data", "w"}, {"conv_out"}},
                              {"flatten", "Reshape", "", {"conv_out", "folded"}, {"flatten_out"}}});
  EXPECT_THAT(names(map), ElementsAre("conv", "flatten"));
  EXPECT_THAT(map.removed, ElementsAre("constant", "dropout", "shape", "gather"));
}

TEST(FusionMap, LooksThroughADropoutBetweenFusedLayers) {
  NetworkOf of;
  of.layer("Conv", "conv", {"data", "w"}).layer("Dropout", "dropout", {"conv_out"});
  of.layer("Relu", "relu", {"dropout_out"}).returns("relu_out");
  const FusionMap map = map_fusion(of.network, {{"conv", "FusedConv", "", {"data", "w"}, {"relu_out"}}});
  EXPECT_THAT(names(map), ElementsAre("conv + relu"));
  EXPECT_THAT(map.removed, ElementsAre("dropout"));
}

TEST(FusionMap, KeepsNodesOfTheEngineUnderNamesOfTheirOwn) {
  NetworkOf of;
  of.layer("Conv", "conv", {"data", "w"}).returns("conv_out");
  const FusionMap map = map_fusion(of.network, {{"", "ReorderInput", "x.nchwc", {"data"}, {"a"}},
                                                {"conv", "Conv", "", {"a", "w"}, {"b"}},
                                                {"", "ReorderInput", "x.nchwc", {"b"}, {"c"}},
                                                {"mystery", "Mystery", "", {"c"}, {"d"}}});
  EXPECT_THAT(names(map), ElementsAre("ReorderInput", "conv", "ReorderInput (2)", "mystery"));
  EXPECT_EQ(map.layers[3].type, "Mystery");
}

TEST(FusionMap, LeavesNoLayerOutWhateverTheNodesAre) {
  const FusionMap map = map_fusion(residual_block(), {{"else", "Else", "", {"p"}, {"q"}}});
  EXPECT_EQ(map.removed.size(), residual_block().layers.size());
}

TEST(FusedLayer, SumsWhatItsLayersCost) {
  const Network network = residual_block();
  const Layer row = fused_layer(network, TensorIndex{network}, {3, 5, 6});  // conv2 + sum + relu2
  EXPECT_EQ(row.macs, 100);
  EXPECT_THAT(row.source_macs, ElementsAre(100, 0, 0));
  EXPECT_EQ(row.parameters, 5);
}

TEST(FusedLayer, CountsOnlyTensorsThatEnterOrLeave) {
  const Network network = residual_block();
  const Layer row = fused_layer(network, TensorIndex{network}, {3, 5, 6});
  EXPECT_EQ(row.bytes, 40 * 3);  // reads relu1_out and down_out, writes relu2_out
  EXPECT_EQ(row.inputs.size(), 2u);
  EXPECT_EQ(row.outputs.size(), 1u);
}

TEST(FusedLayer, CountsATensorThatOthersReadTooAsWritten) {
  NetworkOf of;
  of.layer("Conv", "conv", {"data", "w"})
      .layer("Relu", "relu", {"conv_out"})
      .layer("Conv", "other", {"conv_out", "v"});
  const Layer row = fused_layer(of.network, TensorIndex{of.network}, {0, 1});
  EXPECT_EQ(row.bytes, 40 * 3);  // reads data, writes conv_out and relu_out
  EXPECT_EQ(row.outputs.size(), 2u);
}

TEST(FusedLayer, DoesNotKnowASumWithAnUnknownPart) {
  Network network = residual_block();
  network.layers[5].macs.reset();
  network.layers[6].bytes.reset();
  const Layer row = fused_layer(network, TensorIndex{network}, {3, 5, 6});
  EXPECT_EQ(row.macs, std::nullopt);
  EXPECT_THAT(row.source_macs, Contains(-1));
  EXPECT_EQ(row.bytes, std::nullopt);
}

TEST(FusedLayer, IsInTheModuleItsLayersShare) {
  Network network = residual_block();
  network.layers[3].module = "layer1.0.a";
  network.layers[5].module = "layer1.0";
  network.layers[6].module = "";
  EXPECT_EQ(fused_layer(network, TensorIndex{network}, {3, 5, 6}).module, "layer1.0");
  network.layers[6].module = "layer10";
  EXPECT_EQ(fused_layer(network, TensorIndex{network}, {3, 5, 6}).module, "");
}

}  // namespace
}  // namespace layerwatt
