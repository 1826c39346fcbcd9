// SPDX-License-Identifier: Apache-2.0
// The zoo against published figures, and the promise that a seed decides every bit of a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "networks/network.h"
#include "networks/testing/scratch_folder.h"
#include "networks/testing/totals.h"

namespace layerwatt {
namespace {

using testing::HasSubstr;

class Zoo : public testing::Test {
 protected:
  Network described(const std::string& name, std::int64_t batch = 1) {
    const auto path = folder_.path() / (name + ".onnx");
    const auto written = write_zoo_network(name, 7, path);
    EXPECT_TRUE(written) << written.error().detail;
    auto network = read_onnx(path, {batch});
    EXPECT_TRUE(network) << network.error().detail;
    return network ? std::move(*network) : Network{};
  }

  static const ZooEntry& entry(const std::string& name) {
    for (const ZooEntry& one : zoo())
      if (one.name == name) return one;
    ADD_FAILURE() << name;
    return zoo().front();
  }

  static const Layer& layer(const Network& network, const std::string& name) {
    for (const Layer& one : network.layers)
      if (one.name == name) return one;
    ADD_FAILURE() << "no layer " << name;
    return network.layers.front();
  }

  ScratchFolder folder_;
};

TEST_F(Zoo, ParametersEqualThePublishedCounts) {
  for (const ZooEntry& one : zoo()) EXPECT_EQ(parameters(described(one.name)), one.parameters) << one.name;
}

TEST_F(Zoo, EveryNetworkIsDocumentedWithItsFigures) {
  std::ifstream file{LAYERWATT_SOURCE "/docs/networks.md"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto grouped = [](std::int64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
    return digits;
  };
  for (const ZooEntry& one : zoo()) {
    const Network network = described(one.name);
    EXPECT_THAT(text, HasSubstr("\n| " + one.name + " | " + grouped(parameters(network)) + " | " +
                                grouped(macs(network)) + " | "));
  }
}

// torchvision prints three decimals of 1e9: a printed figure stands for half of its last digit either way.
TEST_F(Zoo, MacsEqualThePublishedFiguresToTheirLastDigit) {
  for (const char* name : {"squeezenet1.1", "squeezenet1.0", "mobilenet_v2", "resnet18", "resnet50"})
    EXPECT_LE(std::abs(macs(described(name)) - entry(name).macs), 500'000) << name;
}

// 569 million, printed to the million.
TEST_F(Zoo, MacsOfMobilenetV1EqualThePublishedMillions) {
  EXPECT_LE(std::abs(macs(described("mobilenet_v1")) - entry("mobilenet_v1").macs), 500'000);
}

// Keras counts the running mean and variance of each normalised channel, too.
TEST_F(Zoo, MobilenetV1HasAllParametersThatKerasCountsWithItsRunningStatistics) {
  const Network network = described("mobilenet_v1");
  std::int64_t statistics = 0;
  for (const Layer& one : network.layers)
    if (one.type == "BatchNormalization") statistics += 2 * one.outputs.at(0).at(1);
  EXPECT_EQ(parameters(network) + statistics, 4'253'864);
}

TEST_F(Zoo, EveryNetworkNamesItsPublishedAccuracyAndWhereItIsPublished) {
  for (const ZooEntry& one : zoo()) {
    EXPECT_GT(one.top1_percent, 50) << one.name;
    EXPECT_LT(one.top1_percent, 100) << one.name;
    EXPECT_THAT(one.top1_source,
                testing::AnyOf(HasSubstr("ImageNet-1K"), HasSubstr("MNIST"), HasSubstr("tools/train_shapes")))
        << one.name;
  }
}

// ptflops prints 423.04 k with the addition of one bias an output element counted: 6x28x28 + 16x10x10 + 120 +
// 84 + 10 = 6518 of them.
TEST_F(Zoo, MacsOfLenetEqualThePublishedFigureLessItsBiases) {
  const std::int64_t ours = macs(described("lenet5"));
  EXPECT_EQ(ours, entry("lenet5").macs);
  EXPECT_LE(std::abs(ours + 6518 - 423'040), 5);
}

TEST_F(Zoo, EveryNetworkIsDescribedCompletelyAndSaysWhetherItsWeightsAreRandom) {
  for (const ZooEntry& one : zoo()) {
    const Network network = described(one.name);
    EXPECT_EQ(network.random_weights, one.name != "shapes") << one.name;
    EXPECT_EQ(network.name, one.name);
    EXPECT_EQ(network.opset, 13);
    EXPECT_THAT(network.not_inferred, testing::IsEmpty()) << one.name;
    for (const Layer& each : network.layers) {
      EXPECT_TRUE(each.bytes) << each.name;
      for (const Shape& shape : each.outputs) EXPECT_THAT(shape, testing::Each(testing::Gt(0))) << each.name;
    }
  }
}

TEST_F(Zoo, SqueezenetGroupsItsLayersByFireModule) {
  const Network network = described("squeezenet1.1");
  EXPECT_EQ(network.layers.size(), 65U);
  EXPECT_EQ(layer(network, "fire3/squeeze1x1").module, "fire3");
  EXPECT_EQ(layer(network, "fire3/concat").module, "fire3");
  EXPECT_EQ(layer(network, "conv1").module, "");
  EXPECT_EQ(layer(network, "pool5").outputs[0], (Shape{1, 256, 13, 13}));
}

TEST_F(Zoo, ResnetGroupsItsLayersByBlockShortcutsIncluded) {
  const Network network = described("resnet18");
  EXPECT_EQ(layer(network, "layer2.0.conv1").module, "layer2.0");
  EXPECT_EQ(layer(network, "layer2.0.downsample.0").module, "layer2.0");
  EXPECT_EQ(layer(network, "fc").module, "");
  EXPECT_EQ(layer(network, "conv1").outputs[0], (Shape{1, 64, 112, 112}));
  EXPECT_EQ(layer(network, "layer4.1.relu2").outputs[0], (Shape{1, 512, 7, 7}));
}

TEST_F(Zoo, MobilenetConvolvesDepthwise) {
  const Network network = described("mobilenet_v2");
  const Layer& depthwise = layer(network, "block2.depthwise");
  EXPECT_EQ(depthwise.groups, 96);
  EXPECT_EQ(depthwise.module, "block2");
  EXPECT_EQ(depthwise.stride, (std::vector<std::int64_t>{2, 2}));
  // 96 channels of 56x56 outputs, nine weights each.
  EXPECT_EQ(depthwise.macs, 96 * 56 * 56 * 9);
}

TEST_F(Zoo, MacsGrowWithTheBatchAndParametersDoNot) {
  const Network one = described("lenet5"), four = described("lenet5", 4);
  EXPECT_EQ(macs(four), 4 * macs(one));
  EXPECT_EQ(parameters(four), parameters(one));
  EXPECT_EQ(four.inputs[0].shape, (Shape{4, 1, 32, 32}));
  EXPECT_EQ(four.outputs[0].shape, (Shape{4, 10}));
}

TEST_F(Zoo, MacsOfShapesAreThoseCountedByHand) { EXPECT_EQ(macs(described("shapes")), entry("shapes").macs); }

TEST_F(Zoo, NoSeedChangesTrainedWeights) {
  const auto a = folder_.path() / "a.onnx", b = folder_.path() / "b.onnx";
  ASSERT_TRUE(write_zoo_network("shapes", 1, a));
  ASSERT_TRUE(write_zoo_network("shapes", 2, b));
  EXPECT_EQ(ScratchFolder::read(a), ScratchFolder::read(b));
}

TEST_F(Zoo, OneSeedGivesOneFileAndAnotherAnother) {
  const auto a = folder_.path() / "a.onnx", b = folder_.path() / "b.onnx", c = folder_.path() / "c.onnx";
  ASSERT_TRUE(write_zoo_network("lenet5", 1, a));
  ASSERT_TRUE(write_zoo_network("lenet5", 1, b));
  ASSERT_TRUE(write_zoo_network("lenet5", 2, c));
  EXPECT_EQ(ScratchFolder::read(a), ScratchFolder::read(b));
  EXPECT_NE(ScratchFolder::read(a), ScratchFolder::read(c));
}

TEST_F(Zoo, AnUnknownNameIsRefusedWithTheNamesThereAre) {
  const auto path = folder_.path() / "x.onnx";
  const auto written = write_zoo_network("resnet19", 1, path);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::not_found);
  EXPECT_THAT(written.error().detail, HasSubstr("resnet18"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace layerwatt
