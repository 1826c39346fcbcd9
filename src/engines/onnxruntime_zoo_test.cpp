// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime on the networks of the zoo, at every level of its optimisers.
#include <gtest/gtest.h>

#include <algorithm>

#include "engines/testing/comparison.h"
#include "engines/testing/opened_engine.h"

namespace layerwatt {
namespace {

class OnnxruntimeZoo : public testing::WithOnnxruntime, public ::testing::WithParamInterface<const char*> {};

TEST_P(OnnxruntimeZoo, AccountsForEverySourceLayerAtEveryLevel) {
  const auto model = zoo_network(GetParam());
  const auto network = read_onnx(model);
  ASSERT_TRUE(network) << network.error().detail;
  std::size_t fewest = network->layers.size() + 1;
  for (const char* level : {"disabled", "basic", "extended", "all"}) {
    SCOPED_TRACE(level);
    const auto engine = open(model, level);
    ASSERT_TRUE(engine) << engine.error().detail;
    EXPECT_EQ((*engine)->circumstances()["engine.fusion_map"], "tensors of the optimised graph");
    testing::expect_every_source_once(*network, **engine);
    fewest = std::min(fewest, (*engine)->layers().size());
  }
  EXPECT_LT(fewest, network->layers.size());  // something was fused, so the map had work to do
}

// Fusing saves the writing and reading of what stays inside, so a level that fuses more moves less.
TEST_P(OnnxruntimeZoo, MovesFewerBytesTheMoreItFuses) {
  const auto model = zoo_network(GetParam());
  std::vector<std::int64_t> moved;
  for (const char* level : {"disabled", "extended"}) {
    const auto engine = open(model, level);
    ASSERT_TRUE(engine) << engine.error().detail;
    std::int64_t sum = 0;
    for (const Layer& layer : (*engine)->layers()) {
      ASSERT_TRUE(layer.bytes.has_value()) << layer.name;
      EXPECT_FALSE(layer.inputs.empty()) << layer.name;
      EXPECT_FALSE(layer.outputs.empty()) << layer.name;
      // What a layer moves is at least what it reads and writes.
      std::int64_t least = 0;
      for (const auto* shapes : {&layer.inputs, &layer.outputs})
        for (const Shape& shape : *shapes) {
          std::int64_t elements = 4;
          for (const std::int64_t extent : shape) elements *= extent;
          least += elements;
        }
      EXPECT_GE(*layer.bytes, least) << layer.name;
      sum += *layer.bytes;
    }
    moved.push_back(sum);
  }
  EXPECT_LT(moved[1], moved[0]);
}

TEST_P(OnnxruntimeZoo, GivesTheSameOutputsAtTheLowestAndTheHighestLevel) {
  const auto model = zoo_network(GetParam());
  std::vector<std::vector<float>> outputs;
  for (const char* level : {"disabled", "all"}) {
    const auto engine = open(model, level);
    ASSERT_TRUE(engine) << engine.error().detail;
    outputs.push_back(infer(**engine));
  }
  ASSERT_FALSE(outputs[0].empty());
  ASSERT_EQ(outputs[0].size(), outputs[1].size());
  const double allowed = testing::rounding_of(*read_onnx(model));
  EXPECT_GT(allowed, 0);
  EXPECT_LT(testing::distance(outputs[1], outputs[0]), allowed);
  // And it would be noticed if they did not: another input gives another output, far outside.
  auto options = testing::options_in(folder, "all");
  options.seed = 2;
  const auto other = open(model, options);
  ASSERT_TRUE(other);
  EXPECT_GT(testing::distance(infer(**other), outputs[0]), allowed);
}

// All layers taken out are the network: the same nodes on the same weights give the same bits.
TEST_P(OnnxruntimeZoo, AnswersTheSameAsAPartOfAllItsLayers) {
  const auto model = zoo_network(GetParam());
  const auto network = read_onnx(model);
  ASSERT_TRUE(network) << network.error().detail;
  const auto part = models.path() / "part.onnx";
  const auto taken = extract_part({model, network->layers.front().name, network->layers.back().name}, part);
  ASSERT_TRUE(taken) << taken.error().detail;
  std::vector<std::vector<float>> outputs;
  for (const auto& path : {model, part}) {
    const auto engine = open(path, "disabled");
    ASSERT_TRUE(engine) << engine.error().detail;
    outputs.push_back(infer(**engine));
  }
  EXPECT_EQ(outputs[0], outputs[1]);
}

INSTANTIATE_TEST_SUITE_P(Networks, OnnxruntimeZoo,
                         ::testing::Values("squeezenet1.1", "squeezenet1.0", "mobilenet_v1", "mobilenet_v2",
                                           "resnet18", "resnet50", "lenet5"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace layerwatt
