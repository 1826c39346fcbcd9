// SPDX-License-Identifier: Apache-2.0
// Attributes and their defaults, operator by operator.
#include "engines/operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "networks/attributes.h"

namespace layerwatt {

namespace {

constexpr std::size_t spatial = 2;  // pictures; neither sequences nor volumes

Error impossible(const std::string& what) { return Error{Errc::unsupported, "", what}; }

// Of Clip: an attribute until opset 10, an input after it. Nothing when it is computed.
std::optional<float> bound(const onnx::NodeProto& node, const OnnxModel& model, const char* name, int input,
                           float otherwise) {
  if (find_attribute(node, name) != nullptr) return float_attribute(node, name, otherwise);
  if (node.input_size() <= input || node.input(input).empty()) return otherwise;
  if (!model.is_constant(node.input(input))) return std::nullopt;
  const auto values = model.floats(node.input(input));
  if (!values || values->size() != 1) return std::nullopt;
  return values->front();
}

Shape or_ones(const std::optional<std::vector<std::int64_t>>& values) {
  return values && !values->empty() ? *values : Shape(spatial, 1);
}

}  // namespace

float float_attribute(const onnx::NodeProto& node, std::string_view name, float otherwise) {
  const onnx::AttributeProto* attribute = find_attribute(node, name);
  return attribute != nullptr && attribute->type() == onnx::AttributeProto::FLOAT ? attribute->f()
                                                                                  : otherwise;
}

std::optional<Elementwise> elementwise_of(const onnx::NodeProto& node, const OnnxModel& model) {
  if (!is_standard(node)) return std::nullopt;
  const std::string& type = node.op_type();
  if (type == "Relu") return Elementwise{Curve::relu, 0, 0};
  if (type == "LeakyRelu") return Elementwise{Curve::leaky_relu, float_attribute(node, "alpha", 0.01F), 0};
  if (type == "Elu") return Elementwise{Curve::elu, float_attribute(node, "alpha", 1), 0};
  if (type == "Sigmoid") return Elementwise{Curve::sigmoid, 0, 0};
  if (type == "Tanh") return Elementwise{Curve::tanh, 0, 0};
  if (type != "Clip") return std::nullopt;
  constexpr float most = std::numeric_limits<float>::max();
  const auto least = bound(node, model, "min", 1, -most), largest = bound(node, model, "max", 2, most);
  if (!least || !largest) return std::nullopt;
  return Elementwise{Curve::clip, *least, *largest};
}

Result<Sliding> sliding_of(const onnx::NodeProto& node, const Shape& kernel, const Shape& input,
                           const Shape& output) {
  if (kernel.size() != spatial || input.size() != spatial + 2 || output.size() != spatial + 2)
    return impossible("has other than two spatial dimensions");
  Sliding sliding;
  sliding.kernel = kernel;
  sliding.stride = or_ones(integers_attribute(node, "strides"));
  const auto dilation = or_ones(integers_attribute(node, "dilations"));
  const std::string automatic = text_attribute(node, "auto_pad");
  const bool same = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  auto pads = integers_attribute(node, "pads").value_or(Shape{});
  if (pads.empty() || automatic == "VALID" || same) pads.assign(2 * spatial, 0);
  if (sliding.stride.size() != spatial || dilation.size() != spatial || pads.size() != 2 * spatial)
    return impossible("has strides, dilations or pads for other than two dimensions");
  for (std::size_t i = 0; i < spatial; ++i) {
    const std::int64_t reach = dilation[i] * (kernel[i] - 1) + 1;
    const std::int64_t used = (output[i + 2] - 1) * sliding.stride[i] + reach;
    const std::int64_t all = std::max<std::int64_t>(0, used - input[i + 2]);
    if (same) pads[i] = automatic == "SAME_UPPER" ? all / 2 : all - all / 2;
    sliding.pad_begin.push_back(pads[i]);
    sliding.pad_end.push_back(used - input[i + 2] - pads[i]);
    sliding.dilation.push_back(dilation[i]);
  }
  return sliding;
}

std::optional<Pooling> pooling_of(const onnx::NodeProto& node) {
  if (!is_standard(node)) return std::nullopt;
  const std::string& type = node.op_type();
  if (type == "MaxPool" || type == "GlobalMaxPool") return Pooling::largest;
  if (type == "GlobalAveragePool") return Pooling::mean;
  if (type != "AveragePool") return std::nullopt;
  return integer_attribute(node, "count_include_pad").value_or(0) != 0 ? Pooling::mean_with_padding
                                                                       : Pooling::mean;
}

Result<int> axis_of(const onnx::NodeProto& node, const Shape& input, std::int64_t opset) {
  constexpr std::int64_t since_one_axis = 13;
  const bool softmax = node.op_type() == "Softmax";
  const auto rank = static_cast<std::int64_t>(input.size());
  std::int64_t axis = integer_attribute(node, "axis").value_or(softmax && opset < since_one_axis ? 1 : -1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return impossible(fmt::format("goes over axis {} of {}", axis, rank));
  const bool others =
      std::any_of(input.begin() + axis + 1, input.end(), [](std::int64_t n) { return n != 1; });
  if (softmax && opset < since_one_axis && others) return impossible("goes over several axes at once");
  return static_cast<int>(axis);
}

}  // namespace layerwatt
