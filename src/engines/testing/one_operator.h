// SPDX-License-Identifier: Apache-2.0
// For tests of engines that run networks layer by layer: each operator that they have, in a network of its
// own.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engines/testing/opened_engine.h"

namespace layerwatt::testing {

inline constexpr int float32_values = onnx::TensorProto::FLOAT;

struct OneOperator {
  const char* name;
  void (*add)(SmallModel&);  // makes "y" of "x", 2x6x9x11
};

inline void set_integers(onnx::NodeProto& node, const char* name, const std::vector<std::int64_t>& values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
}
inline void set_integer(onnx::NodeProto& node, const char* name, std::int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}
inline void set_text(onnx::NodeProto& node, const char* name, const std::string& value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s(value);
}

inline const OneOperator operators[] = {
    {"UnevenPadsAndStrides",
     [](SmallModel& model) {
       model.varied_weight("w", {4, 6, 3, 2});
       model.varied_weight("b", {4});
       auto& node = model.node("Conv", "one", {"x", "w", "b"}, {"y"});
       set_integers(node, "pads", {1, 0, 2, 1});
       set_integers(node, "strides", {2, 1});
     }},
    {"GroupsAndDilation",
     [](SmallModel& model) {
       model.varied_weight("w", {6, 2, 3, 3});
       auto& node = model.node("Conv", "one", {"x", "w"}, {"y"});
       set_integer(node, "group", 3);
       set_integers(node, "dilations", {2, 2});
     }},
    {"SameUpper",
     [](SmallModel& model) {
       model.varied_weight("w", {4, 6, 2, 4});
       auto& node = model.node("Conv", "one", {"x", "w"}, {"y"});
       set_text(node, "auto_pad", "SAME_UPPER");
       set_integers(node, "strides", {2, 2});
     }},
    {"SameLower",
     [](SmallModel& model) {
       model.varied_weight("w", {4, 6, 2, 4});
       auto& node = model.node("Conv", "one", {"x", "w"}, {"y"});
       set_text(node, "auto_pad", "SAME_LOWER");
     }},
    {"NormalisedConvolution",
     [](SmallModel& model) {
       model.varied_weight("w", {4, 6, 3, 3});
       model.varied_weight("b", {4});
       model.node("Conv", "conv", {"x", "w", "b"}, {"c"});
       model.varied_weight("scale", {4}, 0.5F);
       model.varied_weight("shift", {4});
       model.varied_weight("mean", {4});
       model.varied_weight("variance", {4}, 0.5F);
       model.node("BatchNormalization", "norm", {"c", "scale", "shift", "mean", "variance"}, {"n"});
       model.node("Relu", "relu", {"n"}, {"y"});
     }},
    {"NormalisedInput",
     [](SmallModel& model) {
       model.varied_weight("scale", {6}, 0.5F);
       model.varied_weight("shift", {6});
       model.varied_weight("mean", {6});
       model.varied_weight("variance", {6}, 0.5F);
       model.node("BatchNormalization", "norm", {"x", "scale", "shift", "mean", "variance"}, {"y"});
     }},
    {"MaxPoolRoundedUp",
     [](SmallModel& model) {
       auto& node = model.node("MaxPool", "one", {"x"}, {"y"});
       set_integers(node, "kernel_shape", {3, 3});
       set_integers(node, "strides", {2, 2});
       set_integer(node, "ceil_mode", 1);
     }},
    {"AveragePoolWithoutPads",
     [](SmallModel& model) {
       auto& node = model.node("AveragePool", "one", {"x"}, {"y"});
       set_integers(node, "kernel_shape", {3, 3});
       set_integers(node, "pads", {1, 1, 1, 1});
     }},
    {"AveragePoolWithPads",
     [](SmallModel& model) {
       auto& node = model.node("AveragePool", "one", {"x"}, {"y"});
       set_integers(node, "kernel_shape", {3, 3});
       set_integers(node, "pads", {1, 1, 1, 1});
       set_integer(node, "count_include_pad", 1);
     }},
    {"GlobalPools",
     [](SmallModel& model) {
       model.node("GlobalAveragePool", "mean", {"x"}, {"m"});
       model.node("GlobalMaxPool", "most", {"x"}, {"n"});
       model.node("Add", "sum", {"m", "n"}, {"y"});
     }},
    {"AddsAConstantToEachChannel",
     [](SmallModel& model) {
       model.varied_weight("c", {6, 1, 1});
       model.node("Mul", "mul", {"x", "c"}, {"m"});
       model.node("Add", "add", {"m", "c"}, {"a"});
       model.node("Relu", "relu", {"a"}, {"y"});
     }},
    {"ClipsBetweenInputs",
     [](SmallModel& model) {
       model.weight("least", {}, 0.2F);
       model.weight("most", {}, 0.7F);
       model.node("Clip", "clip", {"x", "least", "most"}, {"y"});
     }},
    {"CurvesOfEachValue",
     [](SmallModel& model) {
       model.node("Sigmoid", "sigmoid", {"x"}, {"s"});
       model.node("Tanh", "tanh", {"s"}, {"t"});
       model.weight("minus", {1}, -1);
       model.node("Mul", "negative", {"t", "minus"}, {"m"});
       model.node("Elu", "elu", {"m"}, {"e"});
       model.node("LeakyRelu", "leaky", {"e"}, {"y"});
     }},
    {"Concat",
     [](SmallModel& model) {
       model.node("Relu", "relu", {"x"}, {"r"});
       set_integer(model.node("Concat", "one", {"x", "r", "x"}, {"y"}), "axis", 1);
     }},
    {"LocalResponse",
     [](SmallModel& model) { set_integer(model.node("LRN", "one", {"x"}, {"y"}), "size", 5); }},
    {"ProductsOfRows",
     [](SmallModel& model) {
       model.node("Dropout", "dropout", {"x"}, {"d"});
       model.node("Flatten", "flatten", {"d"}, {"f"});
       model.varied_weight("w", {594, 7});
       model.varied_weight("b", {7});
       model.node("Gemm", "gemm", {"f", "w", "b"}, {"g"});
       model.varied_weight("v", {7, 5});
       model.node("MatMul", "matmul", {"g", "v"}, {"p"});
       set_integer(model.node("Softmax", "softmax", {"p"}, {"y"}), "axis", 1);
     }},
};

}  // namespace layerwatt::testing
