// SPDX-License-Identifier: Apache-2.0
// What a node of ONNX asks for, for engines that run networks layer by layer: attributes with their defaults,
// no memory, no order of layers, no library. An error says which attribute is not possible; the caller knows
// the layer. Meanings of the operators: https://onnx.ai/onnx/operators/.
#pragma once
#include <onnx/onnx_pb.h>

#include <optional>
#include <string>

#include "core/result.h"
#include "core/vocabulary.h"
#include "engines/onnx_model.h"

namespace layerwatt {

// Applied to each value by itself: alone, or after another operator.
enum class Curve { relu, leaky_relu, elu, sigmoid, tanh, clip };
struct Elementwise {
  Curve curve = Curve::relu;
  float alpha = 0, beta = 0;  // clip: least and largest value; the others that have one: ONNX's alpha
};
// Nothing when the node is no such operator, or its bounds are not constants.
std::optional<Elementwise> elementwise_of(const onnx::NodeProto& node, const OnnxModel& model);

// How a window slides over both spatial dimensions. The padding at the end is what the output's extent needs.
struct Sliding {
  Shape kernel, stride, dilation, pad_begin, pad_end;  // dilation: 1 = none. pad_end may be below 0
};
Result<Sliding> sliding_of(const onnx::NodeProto& node, const Shape& kernel, const Shape& input,
                           const Shape& output);

// What a pooling operator makes of its window; nothing when the node is none.
enum class Pooling { largest, mean, mean_with_padding };
std::optional<Pooling> pooling_of(const onnx::NodeProto& node);

// The axis over which a Softmax or a Concat goes, from the front. unsupported: older Softmax over several
// axes.
Result<int> axis_of(const onnx::NodeProto& node, const Shape& input, std::int64_t opset);

float float_attribute(const onnx::NodeProto& node, std::string_view name, float otherwise);

}  // namespace layerwatt
