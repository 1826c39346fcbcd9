// SPDX-License-Identifier: Apache-2.0
// Parts of networks: what they keep, what becomes an input, and what stays computed.
#include <gmock/gmock.h>

#include <fstream>

#include "networks/network.h"
#include "networks/testing/scratch_folder.h"
#include "networks/testing/tiny_model.h"

namespace layerwatt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Extract : public testing::Test {
 protected:
  Network part(const std::filesystem::path& network, const std::string& from, const std::string& to,
               std::int64_t batch = 1) {
    const auto out = folder_.path() / "part.onnx";
    const auto done = extract_part({network, from, to}, out);
    EXPECT_TRUE(done) << done.error().detail;
    auto read = done ? read_onnx(out, {batch}) : Result<Network>{done.error()};
    EXPECT_TRUE(read) << read.error().detail;
    return read ? std::move(*read) : Network{};
  }
  std::filesystem::path zoo(const std::string& name) {
    const auto path = folder_.path() / (name + ".onnx");
    EXPECT_TRUE(write_zoo_network(name, 1, path));
    return path;
  }
  onnx::ModelProto raw() {
    onnx::ModelProto model;
    std::ifstream file{folder_.path() / "part.onnx", std::ios::binary};
    EXPECT_TRUE(model.ParseFromIstream(&file));
    return model;
  }
  ScratchFolder folder_;
};

TEST_F(Extract, OneLayerIsWhatItIsInTheNetwork) {
  const auto path = zoo("squeezenet1.1");
  const auto whole = read_onnx(path, {4});
  ASSERT_TRUE(whole);
  for (const Layer& layer : whole->layers) {
    const Network alone = part(path, layer.name, layer.name, 4);
    ASSERT_EQ(alone.layers.size(), 1U) << layer.name;
    Layer expected = layer;
    expected.module = alone.layers[0].module;  // of one layer nothing tells
    EXPECT_EQ(alone.layers[0], expected);
    EXPECT_TRUE(alone.random_weights);
  }
}

TEST_F(Extract, SaysWhichLayersItHoldsAndAWholeNetworkNothing) {
  const auto path = zoo("lenet5");
  EXPECT_EQ(part(path, "c3", "c3").part, "c3");
  EXPECT_EQ(read_onnx(path)->part, "");
  ASSERT_TRUE(write_series({{1}, {1}, {3}}, 1, folder_.path()));
  EXPECT_EQ(read_onnx(folder_.path() / "conv_k1_s1_c3.onnx")->part, "conv");
}

TEST_F(Extract, WeightsAreCopiedToTheLastBit) {
  const auto path = zoo("lenet5");
  part(path, "c3", "c3");
  onnx::ModelProto whole;
  std::ifstream file{path, std::ios::binary};
  ASSERT_TRUE(whole.ParseFromIstream(&file));
  const onnx::ModelProto made = raw();
  ASSERT_EQ(made.graph().initializer_size(), 2);
  for (const auto& initializer : made.graph().initializer())
    for (const auto& original : whole.graph().initializer())
      if (original.name() == initializer.name()) {
        EXPECT_EQ(original.raw_data(), initializer.raw_data());
      }
}

TEST_F(Extract, ARangeIsThatOfTheDescriptionAndReadsWhatLiesBeforeIt) {
  const auto path = zoo("resnet18");
  const Network block = part(path, "layer2.0.bn1", "layer2.0.relu2");
  EXPECT_EQ(block.inputs.size(),
            2U);  // the first convolution's output, and the block's input for the shortcut
  EXPECT_THAT(block.inputs.at(0).shape.size(), 4U);
  ASSERT_EQ(block.outputs.size(), 1U);
  EXPECT_EQ(block.outputs.at(0).shape, (Shape{1, 128, 28, 28}));
  EXPECT_THAT(block.not_inferred, IsEmpty());
}

TEST_F(Extract, WhatTheRestReadsIsAnOutput) {
  const Network squeezed = part(zoo("squeezenet1.1"), "fire2/squeeze1x1", "fire2/expand1x1_relu");
  // The squeezed activation goes to the 3x3 convolution as well, which may come after.
  std::vector<std::string> names;
  for (const auto& output : squeezed.outputs) names.push_back(output.name);
  EXPECT_THAT(names, testing::Contains("fire2/squeeze1x1_relu"));
  EXPECT_THAT(names, testing::Contains("fire2/expand1x1_relu"));
}

// A Reshape whose target the network computes: in the part it is a constant, and that is said.
TEST_F(Extract, AShapeThatIsComputedOutsideIsWrittenDownAndSaid) {
  TinyModel model;
  model.input("x", {-1, 3, 4}).integers("zero", {0}).integers("rest", {-1}).integers("one", {1});
  model.node("Shape", "shape", {"x"}).node("Slice", "batch", {"shape", "zero", "one", "zero"});
  model.node("Concat", "target", {"batch", "rest"}).with("axis", 0).node("Relu", "r", {"x"});
  model.node("Reshape", "y", {"r", "target"}).output("y");
  const auto path = folder_.write("model.onnx", model.bytes());
  const Network reshape = part(path, "y", "y");
  EXPECT_EQ(reshape.inputs.size(), 1U);
  EXPECT_EQ(reshape.layers.at(0).outputs.at(0), (Shape{1, 12}));
  EXPECT_THAT(reshape.substitutions, ElementsAre(HasSubstr("constants in it: target")));
}

TEST_F(Extract, ConstantNodesComeAlong) {
  TinyModel model;
  model.input("x", {1, 4})
      .node("Constant", "", {}, {"k"})
      .with("value_int", 3)
      .node("Identity", "", {"k"}, {"k2"});
  model.node("Mul", "m", {"x", "k2"}).node("Relu", "y", {"m"}).output("y");
  const Network alone = part(folder_.write("model.onnx", model.bytes()), "m", "m");
  EXPECT_EQ(alone.layers.size(), 1U);
  EXPECT_EQ(raw().graph().node_size(), 3);
  EXPECT_THAT(alone.inputs, testing::SizeIs(1));
}

TEST_F(Extract, WhatCannotBeTakenOutIsSaid) {
  const auto path = zoo("lenet5");
  const auto refused = [&](const std::string& from, const std::string& to) {
    const auto done = extract_part({path, from, to}, folder_.path() / "none.onnx");
    EXPECT_FALSE(done);
    return done ? "" : done.error().detail;
  };
  EXPECT_THAT(refused("c", "c"), testing::AllOf(HasSubstr("no layer \"c\""), HasSubstr("c1, c1_tanh, c3")));
  EXPECT_THAT(refused("c5", "c1"), HasSubstr("\"c1\" comes before \"c5\""));
  TinyModel model;
  model.input("x", {1, 4})
      .import("odd", 1)
      .node("Magic", "a", {"x"})
      .in_domain("odd")
      .node("Relu", "y", {"a"});
  const auto unknown = extract_part({folder_.write("model.onnx", model.output("y").bytes()), "y", "y"},
                                    folder_.path() / "none.onnx");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::unsupported);
  EXPECT_THAT(unknown.error().detail, HasSubstr("reads \"a\", whose shape is not known"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "none.onnx"));
}

// Holly 2020: kernel 1 to 5, stride 1 to 5, output 3 to 48 channels around 1, 1, 3.
TEST_F(Extract, ASeriesChangesOneSettingAtATime) {
  const ConvolutionSeries series;
  const auto members = members_of(series);
  EXPECT_EQ(members.size(), 1U + 4 + 4 + 4);
  EXPECT_EQ(members.front().factor, "base");
  ASSERT_TRUE(write_series(series, 1, folder_.path()));
  for (const SeriesMember& member : members) {
    const int changed = (member.kernel != 1) + (member.stride != 1) + (member.channels != 3);
    EXPECT_EQ(changed, member.factor == "base" ? 0 : 1) << member.file;
    const auto network = read_onnx(folder_.path() / member.file);
    ASSERT_TRUE(network) << network.error().detail;
    const Layer& layer = network->layers.at(0);
    const std::int64_t extent =
        (224 + member.stride - 1) / member.stride;  // padding keeps what stride leaves
    EXPECT_EQ(layer.outputs.at(0), (Shape{1, member.channels, extent, extent})) << member.file;
    EXPECT_EQ(layer.macs, extent * extent * member.channels * 3 * member.kernel * member.kernel);
  }
}

}  // namespace
}  // namespace layerwatt
