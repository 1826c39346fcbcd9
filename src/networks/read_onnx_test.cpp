// SPDX-License-Identifier: Apache-2.0
// What a description says of small networks whose every figure can be worked out by hand.
#include <gmock/gmock.h>

#include "networks/testing/describe.h"

namespace layerwatt {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using List = std::vector<std::int64_t>;

// x[1,2,8,8] -> Conv 3x3, 4 filters, 2 groups, stride 2, pad 1 -> Relu -> MaxPool 2x2
TinyModel small_network() {
  TinyModel model;
  model.input("x", {-1, 2, 8, 8}).weights("w", {4, 1, 3, 3}).weights("b", {4});
  model.node("Conv", "block1/conv", {"x", "w", "b"}, {"c"});
  model.with("kernel_shape", List{3, 3})
      .with("strides", List{2, 2})
      .with("pads", List{1, 1, 1, 1})
      .with("group", 2);
  model.node("Relu", "block1/relu", {"c"}, {"r"});
  model.node("MaxPool", "pool", {"r"}, {"y"}).with("kernel_shape", List{2, 2}).with("strides", List{2, 2});
  model.output("y");
  return model;
}

TEST(ReadOnnx, DescribesEveryFieldOfAConvolution) {
  const Network network = describe(small_network(), 3);
  ASSERT_EQ(network.layers.size(), 3U);
  const Layer& conv = network.layers[0];
  EXPECT_EQ(conv.name, "block1/conv");
  EXPECT_EQ(conv.type, "Conv");
  EXPECT_EQ(conv.module, "block1");
  EXPECT_THAT(conv.sources, ElementsAre("block1/conv"));
  EXPECT_EQ(conv.implementation, "");
  EXPECT_EQ(conv.kernel, (List{3, 3}));
  EXPECT_EQ(conv.stride, (List{2, 2}));
  EXPECT_EQ(conv.groups, 2);
  EXPECT_THAT(conv.inputs, ElementsAre(Shape{3, 2, 8, 8}));
  EXPECT_THAT(conv.outputs, ElementsAre(Shape{3, 4, 4, 4}));
  EXPECT_EQ(conv.macs, 3 * 4 * 4 * 4 * 9);  // each output element meets one channel of 3x3
  EXPECT_EQ(conv.parameters, 4 * 9 + 4);
  EXPECT_EQ(conv.bytes, 4 * (3 * 2 * 8 * 8 + 3 * 4 * 4 * 4 + 4 * 9 + 4));
}

TEST(ReadOnnx, DescribesLayersWithoutWeights) {
  const Network network = describe(small_network());
  const Layer& relu = network.layers.at(1);
  EXPECT_EQ(relu.macs, 0);
  EXPECT_EQ(relu.parameters, 0);
  EXPECT_EQ(relu.bytes, 2 * 64 * 4);
  EXPECT_FALSE(relu.groups);
  EXPECT_THAT(relu.kernel, IsEmpty());
  const Layer& pool = network.layers.at(2);
  EXPECT_EQ(pool.kernel, (List{2, 2}));
  EXPECT_EQ(pool.stride, (List{2, 2}));
  EXPECT_FALSE(pool.groups);
  EXPECT_EQ(pool.module, "");
  EXPECT_THAT(pool.outputs, ElementsAre(Shape{1, 4, 2, 2}));
}

TEST(ReadOnnx, DescribesTheNetworkAsAWhole) {
  const Network network = describe(small_network(), 5);
  EXPECT_EQ(network.name, "tiny");
  EXPECT_EQ(network.opset, 13);
  EXPECT_FALSE(network.random_weights);
  EXPECT_THAT(network.not_inferred, IsEmpty());
  ASSERT_EQ(network.inputs.size(), 1U);
  EXPECT_EQ(network.inputs[0].name, "x");
  EXPECT_EQ(network.inputs[0].element_type, "float32");
  EXPECT_EQ(network.inputs[0].shape, (Shape{5, 2, 8, 8}));
  ASSERT_EQ(network.outputs.size(), 1U);
  EXPECT_EQ(network.outputs[0].shape, (Shape{5, 4, 2, 2}));
  EXPECT_THAT(network.produced, ElementsAre(ElementsAre("c"), ElementsAre("r"), ElementsAre("y")));
  EXPECT_THAT(network.consumed, ElementsAre(ElementsAre("x", "w", "b"), ElementsAre("c"), ElementsAre("r")));
}

TEST(ReadOnnx, UsesTheFileNameWhereTheGraphHasNone) {
  TinyModel model = small_network();
  model.graph().clear_name();
  EXPECT_EQ(describe(model).name, "model");
}

TEST(ReadOnnx, InitializersListedAsInputsAreNoInputs) {
  TinyModel model = small_network();
  model.input("w", {4, 1, 3, 3});
  EXPECT_EQ(describe(model).inputs.size(), 1U);
}

TEST(ReadOnnx, RunningStatisticsAreMovedButAreNoParameters) {
  TinyModel model;
  model.input("x", {1, 8, 4, 4}).weights("s", {8}).weights("b", {8}).weights("m", {8}).weights("v", {8});
  model.node("BatchNormalization", "bn", {"x", "s", "b", "m", "v"}).output("bn");
  const Layer layer = describe(model).layers.at(0);
  EXPECT_EQ(layer.parameters, 16);
  EXPECT_EQ(layer.bytes, 4 * (2 * 8 * 16 + 4 * 8));
}

TEST(ReadOnnx, LimitsOfAClipAreNoParameters) {
  TinyModel model;
  model.input("x", {1, 8}).weights("low", {}).weights("high", {});
  model.node("Clip", "clip", {"x", "low", "high"}).output("clip");
  EXPECT_EQ(describe(model).layers.at(0).parameters, 0);
}

TEST(ReadOnnx, ATensorReadTwiceIsMovedOnce) {
  TinyModel model;
  model.input("x", {1, 10}).node("Mul", "square", {"x", "x"}).output("square");
  const Layer layer = describe(model).layers.at(0);
  EXPECT_EQ(layer.bytes, 2 * 40);
  EXPECT_EQ(layer.inputs.size(), 2U);
}

TEST(ReadOnnx, ConstantNodesAreNoLayersAndCountAsParameters) {
  TinyModel model;
  model.input("x", {2, 3}).node("Constant", "", {}, {"w"});
  auto& value = *model.last().add_attribute();
  value.set_name("value");
  value.set_type(onnx::AttributeProto::TENSOR);
  value.mutable_t()->set_data_type(onnx::TensorProto::FLOAT);
  value.mutable_t()->add_dims(3);
  value.mutable_t()->add_dims(5);
  value.mutable_t()->set_raw_data(std::string(60, '\0'));
  model.node("Identity", "alias", {"w"}, {"same"});
  model.node("MatMul", "product", {"x", "same"}).output("product");
  const Network network = describe(model);
  ASSERT_EQ(network.layers.size(), 1U);
  EXPECT_EQ(network.layers[0].parameters, 15);
  EXPECT_EQ(network.layers[0].macs, 2 * 3 * 5);
  EXPECT_THAT(network.layers[0].inputs, ElementsAre(Shape{2, 3}));
}

TEST(ReadOnnx, UnnamedLayersAreNamedByTypeAndPlaceAndNamesAreUnique) {
  TinyModel model;
  model.input("x", {1, 4}).node("Relu", "", {"x"}, {"a"}).node("Relu", "same", {"a"}, {"b"});
  model.node("Tanh", "same", {"b"}, {"c"})
      .node("Relu", "Tanh_4", {"c"}, {"d"})
      .node("Tanh", "", {"d"}, {"e"});
  model.output("e");
  std::vector<std::string> names;
  for (const Layer& layer : describe(model).layers) names.push_back(layer.name);
  EXPECT_THAT(names, ElementsAre("Relu_0", "same", "same_2", "Tanh_4", "Tanh_4_2"));
}

TEST(ReadOnnx, SortsLayersThatTheFileHasInAnotherOrder) {
  TinyModel model;
  model.input("x", {1, 4}).node("Relu", "second", {"first"}).node("Tanh", "first", {"x"}).output("second");
  const Network network = describe(model);
  EXPECT_EQ(network.layers.at(0).name, "first");
  EXPECT_EQ(network.layers.at(1).name, "second");
}

TEST(ReadOnnx, AnUnknownOperatorIsALayerAndIsSaidToBeUnknown) {
  TinyModel model;
  model.import("com.example", 1).input("x", {1, 4}).weights("w", {4, 4});
  model.node("Magic", "magic", {"x", "w"}).in_domain("com.example");
  model.node("Relu", "relu", {"magic"}).output("relu");
  const Network network = describe(model);
  ASSERT_EQ(network.layers.size(), 2U);
  const Layer& magic = network.layers[0];
  EXPECT_EQ(magic.type, "Magic");
  EXPECT_FALSE(magic.macs);
  EXPECT_FALSE(magic.bytes);
  EXPECT_EQ(magic.parameters, 16);
  EXPECT_THAT(magic.outputs, ElementsAre(Shape{-1}));
  EXPECT_EQ(network.layers[1].macs, 0);
  EXPECT_THAT(network.not_inferred, Contains(AllOf(HasSubstr("com.example.Magic"), HasSubstr("\"magic\""))));
}

TEST(ReadOnnx, TakesWhatTheFileDeclaresBehindAnUnknownOperator) {
  TinyModel model;
  model.import("com.example", 1).input("x", {1, 4});
  model.node("Magic", "magic", {"x"}).in_domain("com.example");
  TinyModel::declare(*model.graph().add_value_info(), "magic", {1, 6});
  model.node("Relu", "relu", {"magic"}).output("relu");
  EXPECT_THAT(describe(model).layers.at(1).outputs, ElementsAre(Shape{1, 6}));
}

TEST(ReadOnnx, AnOpsetThatLibonnxDoesNotKnowStillDescribes) {
  TinyModel model = small_network();
  model.model.mutable_opset_import(0)->set_version(23);
  const Network network = describe(model);
  EXPECT_EQ(network.opset, 23);
  EXPECT_EQ(network.layers.at(0).macs, 64 * 9);
  EXPECT_THAT(network.not_inferred, IsEmpty());
}

TEST(ReadOnnx, SaysWhichDimensionOfAnInputIsOpen) {
  TinyModel model;
  model.input("x", {-1, 3, -1, 32}).node("Relu", "relu", {"x"}).output("relu");
  const Network network = describe(model, 2);
  EXPECT_EQ(network.inputs.at(0).shape, (Shape{2, 3, -1, 32}));
  EXPECT_THAT(network.not_inferred, ElementsAre(AllOf(HasSubstr("dimension 2"), HasSubstr("\"x\""))));
  EXPECT_FALSE(network.layers.at(0).bytes);
}

TEST(ReadOnnx, TheNameOfTheBatchIsFilledInWhereverItStands) {
  TinyModel model;
  for (const char* name : {"a", "b"}) {
    model.input(name, {-1, 4});
    model.graph()
        .mutable_input(model.graph().input_size() - 1)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(0)
        ->set_dim_param("N");
  }
  model.input("c", {4, -1});
  model.graph()
      .mutable_input(2)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(1)
      ->set_dim_param("N");
  model.node("Add", "sum", {"a", "b"}).node("MatMul", "product", {"sum", "c"}).output("product");
  EXPECT_THAT(describe(model, 6).layers.at(1).outputs, ElementsAre(Shape{6, 6}));
}

TEST(ReadOnnx, ASubgraphIsOneLayerWithANote) {
  TinyModel model;
  model.input("condition", {}, onnx::TensorProto::BOOL).input("x", {1, 4}).node("Relu", "early", {"x"});
  model.node("If", "branch", {"condition"}, {"y"});
  for (const char* name : {"then_branch", "else_branch"}) {
    auto& attribute = *model.last().add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    auto& inner = *attribute.mutable_g()->add_node();
    inner.set_op_type("Tanh");
    inner.add_input("early");
    inner.add_output(std::string{"inner_"} + name);
    attribute.mutable_g()->add_output()->set_name(inner.output(0));
  }
  model.output("y");
  const Network network = describe(model);
  ASSERT_EQ(network.layers.size(), 2U);
  EXPECT_EQ(network.layers[1].type, "If");
  EXPECT_FALSE(network.layers[1].macs);
  EXPECT_THAT(network.not_inferred, Contains(HasSubstr("graph of its own")));
}

TEST(ReadOnnx, AFunctionOfTheFileIsOneLayerWithANote) {
  TinyModel model;
  model.import("local", 1)
      .input("x", {1, 4})
      .node("Twice", "twice", {"x"})
      .in_domain("local")
      .output("twice");
  auto& function = *model.model.add_functions();
  function.set_name("Twice");
  function.set_domain("local");
  const Network network = describe(model);
  ASSERT_EQ(network.layers.size(), 1U);
  EXPECT_THAT(network.not_inferred, Contains(HasSubstr("a function that the file defines")));
}

TEST(ReadOnnx, WeightsTooLargeToKeepAreCounted) {
  TinyModel model;
  model.input("x", {1, 1000}).weights("raw", {1000, 2000}).node("MatMul", "product", {"x", "raw"});
  onnx::TensorProto& typed = *model.graph().add_initializer();
  typed.set_name("typed");
  typed.set_data_type(onnx::TensorProto::FLOAT);
  typed.add_dims(2000);
  for (int i = 0; i < 2000; ++i) typed.add_float_data(1);
  model.node("Add", "sum", {"product", "typed"}).output("sum");
  const Network network = describe(model);
  EXPECT_EQ(network.layers.at(0).parameters, 2'000'000);
  EXPECT_EQ(network.layers.at(0).bytes, 4 * (1000 + 2'000'000 + 2000));
  EXPECT_EQ(network.layers.at(1).parameters, 2000);
}

}  // namespace
}  // namespace layerwatt
