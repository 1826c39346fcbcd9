// SPDX-License-Identifier: Apache-2.0
// Shapes and counts operator by operator, the standard's own formulas worked out by hand.
#include <gmock/gmock.h>

#include "networks/testing/describe.h"

namespace layerwatt {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using List = std::vector<std::int64_t>;

Layer last_layer(const TinyModel& model) {
  const Network network = describe(model);
  EXPECT_THAT(network.not_inferred, IsEmpty());
  return network.layers.empty() ? Layer{} : network.layers.back();
}

TEST(Operators, GemmCountsTheDimensionItSumsOver) {
  TinyModel model;
  model.input("a", {7, 3})
      .weights("b", {5, 7})
      .weights("c", {5})
      .node("Gemm", "y", {"a", "b", "c"})
      .output("y");
  model.with("transA", 1).with("transB", 1);
  const Layer layer = last_layer(model);
  EXPECT_THAT(layer.outputs, ElementsAre(Shape{3, 5}));
  EXPECT_EQ(layer.macs, 3 * 5 * 7);
  EXPECT_EQ(layer.parameters, 35 + 5);
}

TEST(Operators, MatMulCountsEveryMatrixOfABatch) {
  TinyModel model;
  model.input("a", {2, 4, 3, 7}).input("b", {4, 7, 5}).node("MatMul", "y", {"a", "b"}).output("y");
  EXPECT_EQ(last_layer(model).macs, 2 * 4 * 3 * 5 * 7);
}

TEST(Operators, TransposedConvolutionCountsInputElements) {
  TinyModel model;
  model.input("x", {1, 6, 5, 5})
      .weights("w", {6, 4, 3, 3})
      .node("ConvTranspose", "y", {"x", "w"})
      .output("y");
  model.with("strides", List{2, 2}).with("pads", List{1, 1, 1, 1}).with("output_padding", List{1, 1});
  const Layer layer = last_layer(model);
  EXPECT_THAT(layer.outputs, ElementsAre(Shape{1, 4, 10, 10}));  // 2 (5 - 1) + 1 + 3 - 2
  EXPECT_EQ(layer.macs, 6 * 25 * 4 * 9);
  EXPECT_EQ(layer.kernel, (List{3, 3}));
}

TEST(Operators, DilationWidensTheKernel) {
  TinyModel model;
  model.input("x", {1, 1, 9})
      .weights("w", {1, 1, 3})
      .node("Conv", "y", {"x", "w"})
      .with("dilations", List{4});
  EXPECT_THAT(last_layer(model.output("y")).outputs, ElementsAre(Shape{1, 1, 1}));
}

TEST(Operators, SamePaddingDividesByTheStrideAndRoundsUp) {
  TinyModel model;
  model.input("x", {1, 1, 7, 8}).weights("w", {1, 1, 3, 3}).node("Conv", "y", {"x", "w"});
  model.with("auto_pad", "SAME_UPPER").with("strides", List{2, 3});
  EXPECT_THAT(last_layer(model.output("y")).outputs, ElementsAre(Shape{1, 1, 4, 3}));
}

TEST(Operators, APoolRoundsUpOnlyWhenAsked) {
  for (const std::int64_t ceil : {0, 1}) {
    TinyModel model;
    model.input("x", {1, 1, 6, 6}).node("MaxPool", "y", {"x"}).output("y");
    model.with("kernel_shape", List{3, 3}).with("strides", List{2, 2}).with("ceil_mode", ceil);
    EXPECT_THAT(last_layer(model).outputs, ElementsAre(Shape{1, 1, 2 + ceil, 2 + ceil}));
  }
}

TEST(Operators, GlobalPoolLeavesOneElementAChannel) {
  TinyModel model;
  model.input("x", {2, 5, 7, 9}).node("GlobalAveragePool", "y", {"x"}).output("y");
  const Layer layer = last_layer(model);
  EXPECT_THAT(layer.outputs, ElementsAre(Shape{2, 5, 1, 1}));
  EXPECT_EQ(layer.macs, 0);
}

TEST(Operators, QuantisedConvolutionCountsWeightsAndBiasButNoScales) {
  constexpr int uint8 = onnx::TensorProto::UINT8;
  TinyModel model;
  model.input("x", {1, 2, 4, 4}, uint8).weights("xs", {}).weights("xz", {}, uint8, 1);
  model.weights("w", {3, 2, 1, 1}, uint8, 1).weights("ws", {3}).weights("wz", {3}, uint8, 1);
  model.weights("ys", {}).weights("yz", {}, uint8, 1).weights("b", {3}, onnx::TensorProto::INT32);
  model.node("QLinearConv", "y", {"x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"})
      .output("y", {1, 3, 4, 4}, uint8);
  const Layer layer = last_layer(model);
  EXPECT_EQ(layer.macs, 3 * 16 * 2);
  EXPECT_EQ(layer.parameters, 6 + 3);
  EXPECT_EQ(layer.bytes, 32 + 4 + 1 + 6 + 12 + 3 + 4 + 1 + 12 + 48);
}

TEST(Operators, RecurrentNetworksMeetAllWeightsInEachStep) {
  TinyModel model;
  model.input("x", {5, 2, 3}).weights("w", {1, 16, 3}).weights("r", {1, 16, 4});
  model.node("LSTM", "y", {"x", "w", "r"}, {"y", "last"}).with("hidden_size", 4).output("y");
  const Layer layer = last_layer(model);
  EXPECT_EQ(layer.macs, 5 * 2 * (16 * 3 + 16 * 4));
  EXPECT_THAT(layer.outputs, ElementsAre(Shape{5, 1, 2, 4}, Shape{1, 2, 4}));
}

TEST(Operators, EinsumIsNotCountedAndThatIsSaid) {
  TinyModel model;
  model.input("a", {2, 3}).input("b", {3, 4}).node("Einsum", "y", {"a", "b"}).with("equation", "ij,jk->ik");
  const Network network = describe(model.output("y"));
  EXPECT_FALSE(network.layers.at(0).macs);
  EXPECT_THAT(network.not_inferred, Contains(HasSubstr("MACs of operator \"Einsum\"")));
}

TEST(Operators, ReshapeCopiesAndFillsIn) {
  TinyModel model;
  model.input("x", {2, 3, 4, 5}).integers("s", {0, -1, 5}).node("Reshape", "y", {"x", "s"}).output("y");
  EXPECT_THAT(last_layer(model).outputs, ElementsAre(Shape{2, 12, 5}));
}

// What torch.onnx writes for x.view(x.size(0), -1) with a dynamic batch.
TEST(Operators, AShapeComputedInTheGraphIsFollowed) {
  TinyModel model;
  model.input("x", {-1, 3, 4}).integers("minus_one", {-1});
  onnx::TensorProto& zero = *model.graph().add_initializer();
  zero.set_name("zero");
  zero.set_data_type(onnx::TensorProto::INT64);
  zero.add_int64_data(0);
  model.integers("axis", {0}).node("Shape", "shape", {"x"}).node("Gather", "batch", {"shape", "zero"});
  model.node("Unsqueeze", "one", {"batch", "axis"})
      .node("Concat", "target", {"one", "minus_one"})
      .with("axis", 0);
  model.node("Reshape", "y", {"x", "target"}).output("y");
  const Network network = describe(model, 8);
  EXPECT_THAT(network.not_inferred, IsEmpty());
  EXPECT_THAT(network.layers.back().outputs, ElementsAre(Shape{8, 12}));
}

TEST(Operators, ReduceTakesItsAxesAsInputSinceOpset18) {
  TinyModel model{18};
  model.input("x", {2, 3, 4, 5})
      .integers("axes", {-1, 1})
      .node("ReduceMean", "y", {"x", "axes"})
      .with("keepdims", 0);
  EXPECT_THAT(last_layer(model.output("y")).outputs, ElementsAre(Shape{2, 4}));
}

TEST(Operators, SplitLeavesTheLastPartSmallerSinceOpset18) {
  TinyModel model{18};
  model.input("x", {7, 2}).node("Split", "parts", {"x"}, {"a", "b", "c"}).with("num_outputs", 3).output("a");
  EXPECT_THAT(last_layer(model).outputs, ElementsAre(Shape{3, 2}, Shape{3, 2}, Shape{1, 2}));
}

TEST(Operators, OneChangedSinceLibonnxIsNotReadInItsOldMeaning) {
  TinyModel model{18};
  model.input("x", {1, 3, 8, 8}).integers("pads", {1, 1}).integers("axes", {2}).weights("value", {});
  model.node("Pad", "y", {"x", "pads", "value", "axes"}).output("y");
  const Network network = describe(model);
  EXPECT_THAT(network.layers.at(0).outputs, ElementsAre(Shape{-1}));
  EXPECT_THAT(network.not_inferred, Contains(HasSubstr("after opset 17")));
}

TEST(Operators, FusedConvolutionOfOnnxRuntimeIsAConvolution) {
  TinyModel model;
  model.import("com.microsoft", 1).input("x", {1, 2, 4, 4}).weights("w", {3, 2, 3, 3});
  model.node("FusedConv", "y", {"x", "w"}).in_domain("com.microsoft").output("y");
  const Layer layer = last_layer(model);
  EXPECT_EQ(layer.macs, 3 * 4 * 18);
  EXPECT_THAT(layer.outputs, ElementsAre(Shape{1, 3, 2, 2}));
}

TEST(Operators, WeightsThatDoNotFitTheirInputAreSaid) {
  TinyModel model;
  model.input("x", {1, 2, 4, 4}).weights("w", {3, 5, 1, 1}).node("Conv", "y", {"x", "w"}).output("y");
  EXPECT_THAT(describe(model).not_inferred, Contains(HasSubstr("do not take 2 channels")));
}

TEST(Operators, HalfPrecisionMovesHalfTheBytes) {
  TinyModel model;
  model.input("x", {1, 10}, onnx::TensorProto::FLOAT16)
      .node("Relu", "y", {"x"})
      .output("y", {1, 10}, onnx::TensorProto::FLOAT16);
  EXPECT_EQ(last_layer(model).bytes, 40);
}

// As exporters write int8: weights and activations go through QuantizeLinear and DequantizeLinear.
TEST(Operators, AConvolutionBetweenQuantizeAndDequantizeCountsMacsAndItsWeightsAreInt8) {
  constexpr int int8 = onnx::TensorProto::INT8, uint8 = onnx::TensorProto::UINT8;
  TinyModel model;
  model.input("x", {1, 2, 4, 4}).weights("xs", {}).weights("xz", {}, uint8, 1);
  model.weights("w", {3, 2, 1, 1}, int8, 1).weights("ws", {3}).weights("wz", {3}, int8, 1);
  model.node("QuantizeLinear", "q", {"x", "xs", "xz"}).node("DequantizeLinear", "dx", {"q", "xs", "xz"});
  model.node("DequantizeLinear", "dw", {"w", "ws", "wz"}).with("axis", 0);
  model.node("Conv", "y", {"dx", "dw"}).output("y");
  const Network network = describe(model);
  EXPECT_THAT(network.not_inferred, IsEmpty());
  EXPECT_THAT(network.element_types, ElementsAre("uint8", "float32", "float32", "float32"));
  EXPECT_EQ(network.layers.at(2).parameters, 6);              // counted where they are stored,
  EXPECT_EQ(network.layers.at(2).bytes, 6 + 12 + 3 + 4 * 6);  // in one byte each,
  EXPECT_EQ(network.layers.at(3).parameters, 0);              // and not again
  EXPECT_EQ(network.layers.at(3).macs, 3 * 16 * 2);
  EXPECT_EQ(network.layers.at(3).outputs.at(0), (Shape{1, 3, 4, 4}));
}

TEST(Operators, AHalfPrecisionConvolutionCountsAsMuchAndMovesHalf) {
  std::vector<Layer> layers;
  for (const auto& [type, size] :
       {std::pair{onnx::TensorProto::FLOAT, 4U}, {onnx::TensorProto::FLOAT16, 2U}}) {
    TinyModel model;
    model.input("x", {1, 2, 4, 4}, type).weights("w", {3, 2, 3, 3}, type, size).node("Conv", "y", {"x", "w"});
    const Network network = describe(model.output("y", {1, 3, 2, 2}, type));
    EXPECT_EQ(network.element_types.at(0), size == 4 ? "float32" : "float16");
    layers.push_back(network.layers.at(0));
  }
  EXPECT_EQ(layers[1].macs, layers[0].macs);
  EXPECT_EQ(layers[1].parameters, layers[0].parameters);
  EXPECT_EQ(2 * *layers[1].bytes, layers[0].bytes);
}

// Opset 7 gives BatchNormalization and Dropout fewer inputs, and Reshape's shape as a tensor.
TEST(Operators, OpsetSevenIsRead) {
  TinyModel model{7};
  model.input("x", {-1, 2, 4, 4}).integers("shape", {0, -1});
  for (const char* name : {"s", "b", "m", "v"}) model.weights(name, {2});
  model.node("BatchNormalization", "n", {"x", "s", "b", "m", "v"}).node("Dropout", "d", {"n"});
  model.node("Reshape", "y", {"d", "shape"}).output("y");
  const Network network = describe(model, 3);
  EXPECT_THAT(network.not_inferred, IsEmpty());
  EXPECT_EQ(network.opset, 7);
  EXPECT_EQ(network.layers.at(0).parameters, 4);
  EXPECT_EQ(network.outputs.at(0).shape, (Shape{3, 32}));
}

}  // namespace
}  // namespace layerwatt
