// SPDX-License-Identifier: Apache-2.0
// What oneDNN has for operators of ONNX other than convolutions: descriptions only, no memory, no order of
// layers. An error says which attribute is not possible; the caller knows the layer. Meanings of the
// operators: https://onnx.ai/onnx/operators/. Of the primitives: https://oneapi-src.github.io/oneDNN/v2/.
#pragma once
#include <onnx/onnx_pb.h>

#include <dnnl.hpp>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/vocabulary.h"
#include "engines/onnx_model.h"

namespace layerwatt {

// Applied to each value by itself: alone, or after another operator.
struct Elementwise {
  dnnl::algorithm algorithm{};
  float alpha = 0, beta = 0;
};
// Nothing when the node is no such operator, or its bounds are not constants.
std::optional<Elementwise> elementwise_of(const onnx::NodeProto& node, const OnnxModel& model);

// How a window slides over both spatial dimensions. The padding at the end is what the output's extent needs.
struct Sliding {
  dnnl::memory::dims kernel, stride, dilation, pad_begin, pad_end;  // dilation as oneDNN counts it: 0 = none
};
Result<Sliding> sliding_of(const onnx::NodeProto& node, const Shape& kernel, const Shape& input,
                           const Shape& output);

// The algorithm of a pooling operator; nothing when the node is none.
std::optional<dnnl::algorithm> pooling_of(const onnx::NodeProto& node);

// The axis over which a Softmax or a Concat goes, from the front. unsupported: older Softmax over several
// axes.
Result<int> axis_of(const onnx::NodeProto& node, const Shape& input, std::int64_t opset);

float float_attribute(const onnx::NodeProto& node, std::string_view name, float otherwise);

}  // namespace layerwatt
