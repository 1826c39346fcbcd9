// SPDX-License-Identifier: Apache-2.0
// See shape_rules.h. What changed when: https://onnx.ai/onnx/repo-docs/Changelog.html
#include "networks/shape_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "networks/attributes.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

using ShapeRule = Result<void> (*)(Graph&, const Node&);

Result<void> like_first_input(Graph& graph, const Node& node) {
  const Tensor* input = input_of(graph, node, 0);
  if (input != nullptr) set_output(graph, node, 0, input->element_type, input->shape);
  return {};
}

// The shape that Reshape is asked for: an attribute before opset 5, then an input.
std::optional<Shape> asked_shape(const Graph& graph, const Node& node) {
  const Tensor* target = input_of(graph, node, 1);
  if (target == nullptr) return integers_attribute(*node.source, "shape");
  return target->integers ? std::optional<Shape>{target->integers->values} : std::nullopt;
}

Result<void> reshape(Graph& graph, const Node& node) {
  const Tensor* data = input_of(graph, node, 0);
  if (data == nullptr) return not_inferable("it has no input");
  const auto asked = asked_shape(graph, node);
  if (!asked) return not_inferable("the shape it makes is computed while the network runs");
  const bool zero_means_zero = integer_attribute(*node.source, "allowzero").value_or(0) != 0;
  const auto& from = data->shape;
  Shape made = *asked;
  std::optional<std::size_t> rest;          // the dimension that takes what is left
  std::optional<std::int64_t> product = 1;  // of the others; nothing = not known
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (made[i] < -1 || (made[i] == -1 && rest))
      return not_inferable(fmt::format("it asks for the shape [{}]", fmt::join(*asked, ", ")));
    if (made[i] == -1) {
      rest = i;
      continue;
    }
    const bool copied = made[i] == 0 && !zero_means_zero;
    if (copied && from && i >= from->size())
      return not_inferable("it copies a dimension that its input does not have");
    if (copied) made[i] = from ? (*from)[i] : -1;
    product = product && made[i] >= 0 ? checked_product(*product, made[i]) : std::nullopt;
  }
  const auto elements = from ? elements_of(*from) : std::nullopt;
  const bool fits =
      !elements || !product || (rest ? *product > 0 && *elements % *product == 0 : *product == *elements);
  if (!fits)
    return not_inferable(
        fmt::format("{} elements do not fit the shape [{}]", *elements, fmt::join(*asked, ", ")));
  if (rest && elements && product) made[*rest] = *elements / *product;
  set_output(graph, node, 0, data->element_type, std::move(made));
  return {};
}

Result<void> reduce(Graph& graph, const Node& node) {
  const Tensor* data = input_of(graph, node, 0);
  if (data == nullptr) return not_inferable("it has no input");
  const bool indices = node.source->op_type() == "ArgMax" || node.source->op_type() == "ArgMin";
  const int type = indices ? int{onnx::TensorProto::INT64} : data->element_type;
  set_output(graph, node, 0, type, std::nullopt);
  if (!data->shape) return {};
  const auto rank = static_cast<std::int64_t>(data->shape->size());
  const bool keep = integer_attribute(*node.source, "keepdims").value_or(1) != 0;
  std::optional<std::vector<std::int64_t>> axes = integers_attribute(*node.source, "axes");
  if (indices) axes = std::vector<std::int64_t>{integer_attribute(*node.source, "axis").value_or(0)};
  const Tensor* axes_input = input_of(graph, node, 1);
  if (axes_input != nullptr) {
    if (!axes_input->integers)
      return not_inferable("the axes it reduces are computed while the network runs");
    axes = axes_input->integers->values;
  }
  const bool none = !axes || axes->empty();
  if (none && integer_attribute(*node.source, "noop_with_empty_axes").value_or(0) != 0)
    return like_first_input(graph, node);
  std::vector<bool> reduced(data->shape->size(), none);
  for (const std::int64_t axis : axes.value_or(std::vector<std::int64_t>{})) {
    if (axis < -rank || axis >= rank)
      return not_inferable(fmt::format("axis {} of an input with {} dimensions", axis, rank));
    reduced[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  Shape shape;
  for (std::size_t i = 0; i < reduced.size(); ++i) {
    if (!reduced[i])
      shape.push_back((*data->shape)[i]);
    else if (keep)
      shape.push_back(1);
  }
  set_output(graph, node, 0, type, std::move(shape));
  return {};
}

Result<void> split(Graph& graph, const Node& node) {
  const Tensor* data = input_of(graph, node, 0);
  if (data == nullptr) return not_inferable("it has no input");
  const auto parts = static_cast<std::int64_t>(node.outputs.size());
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    set_output(graph, node, i, data->element_type, std::nullopt);
  if (!data->shape) return {};
  Shape shape = *data->shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t axis = integer_attribute(*node.source, "axis").value_or(0);
  if (axis < -rank || axis >= rank)
    return not_inferable(fmt::format("axis {} of an input with {} dimensions", axis, rank));
  if (axis < 0) axis += rank;
  const std::int64_t whole = shape[static_cast<std::size_t>(axis)];
  std::optional<std::vector<std::int64_t>> sizes = integers_attribute(*node.source, "split");
  if (const Tensor* given = input_of(graph, node, 1)) {
    if (!given->integers) return not_inferable("the sizes of its parts are computed while the network runs");
    sizes = given->integers->values;
  }
  if (!sizes) {
    // Equal parts; from opset 18 the last one may be smaller.
    const std::int64_t part = whole < 0 ? -1 : whole / parts + (whole % parts != 0 ? 1 : 0);
    sizes.emplace(static_cast<std::size_t>(parts), part);
    if (whole >= 0) sizes->back() = std::max<std::int64_t>(0, whole - part * (parts - 1));
  }
  if (sizes->size() != node.outputs.size())
    return not_inferable(fmt::format("it has {} outputs but sizes of {}", parts, sizes->size()));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    shape[static_cast<std::size_t>(axis)] = (*sizes)[i];
    if ((*sizes)[i] < -1) return not_inferable("a part has a negative size");
    set_output(graph, node, i, data->element_type, shape);
  }
  return {};
}

// LSTM, GRU and RNN: all states of all directions, then the last ones.
Result<void> recurrent(Graph& graph, const Node& node) {
  const Tensor* data = input_of(graph, node, 0);
  const Tensor* recurrence = input_of(graph, node, 2);
  if (data == nullptr) return not_inferable("it has no input");
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    set_output(graph, node, i, data->element_type, std::nullopt);
  if (!data->shape) return {};
  if (data->shape->size() != 3) return not_inferable("its input has not three dimensions");
  std::int64_t hidden = integer_attribute(*node.source, "hidden_size").value_or(-1);
  const bool from_weights = recurrence != nullptr && recurrence->shape && recurrence->shape->size() == 3;
  if (hidden <= 0) hidden = from_weights ? recurrence->shape->back() : -1;
  const std::int64_t directions = text_attribute(*node.source, "direction") == "bidirectional" ? 2 : 1;
  const bool batch_first = integer_attribute(*node.source, "layout").value_or(0) != 0;
  const std::int64_t first = (*data->shape)[0], second = (*data->shape)[1];
  const Shape all =
      batch_first ? Shape{first, second, directions, hidden} : Shape{first, directions, second, hidden};
  const Shape last = batch_first ? Shape{first, directions, hidden} : Shape{directions, second, hidden};
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    set_output(graph, node, i, data->element_type, i == 0 ? all : last);
  return {};
}

const std::map<std::string_view, ShapeRule>& shape_rules() {
  static const std::map<std::string_view, ShapeRule> all{
      {"Reshape", reshape},
      {"Split", split},
      {"LSTM", recurrent},
      {"GRU", recurrent},
      {"RNN", recurrent},
      {"ArgMax", reduce},
      {"ArgMin", reduce},
      {"ReduceL1", reduce},
      {"ReduceL2", reduce},
      {"ReduceLogSum", reduce},
      {"ReduceLogSumExp", reduce},
      {"ReduceMax", reduce},
      {"ReduceMean", reduce},
      {"ReduceMin", reduce},
      {"ReduceProd", reduce},
      {"ReduceSum", reduce},
      {"ReduceSumSquare", reduce},
      {"Gelu", like_first_input},
      {"GroupNormalization", like_first_input},
      {"Mish", like_first_input},
      {"RMSNormalization", like_first_input},
      {"Swish", like_first_input},
      {"com.microsoft.BiasGelu", like_first_input},
      {"com.microsoft.FastGelu", like_first_input},
      {"com.microsoft.Gelu", like_first_input},
      {"com.microsoft.QuickGelu", like_first_input},
      {"com.microsoft.SkipLayerNormalization", like_first_input},
      {"com.microsoft.SkipSimplifiedLayerNormalization", like_first_input},
  };
  return all;
}

// What has another meaning than in opset 17 where one of these attributes stands.
struct Change {
  std::string_view type, attribute;
};
constexpr std::array changes{
    Change{"Resize", "axes"},
    Change{"Resize", "keep_aspect_ratio_policy"},
    Change{"QuantizeLinear", "output_dtype"},
};

constexpr std::array<std::string_view, 18> newer_operators{
    "AffineGrid",
    "BitCast",
    "BitwiseAnd",
    "BitwiseNot",
    "BitwiseOr",
    "BitwiseXor",
    "CenterCropPad",
    "Col2Im",
    "CumProd",
    "ImageDecoder",
    "RegexFullMatch",
    "RotaryEmbedding",
    "StringConcat",
    "StringNormalizer",
    "StringSplit",
    "TensorScatter",
    "OptionalGetElement",
    "OptionalHasElement",
};

}  // namespace

void set_output(Graph& graph, const Node& node, std::size_t output, int element_type,
                std::optional<Shape> shape) {
  if (output >= node.outputs.size() || !node.outputs[output]) return;
  Tensor& tensor = graph.tensors[*node.outputs[output]];
  tensor.element_type = element_type;
  tensor.shape = std::move(shape);
}

std::optional<Result<void>> infer_by_rule(Graph& graph, const Node& node) {
  const std::string name = operator_of(*node.source);
  const auto found = shape_rules().find(name);
  if (found == shape_rules().end()) return std::nullopt;
  return found->second(graph, node);
}

std::optional<std::string> changed_since_libonnx(const Graph& graph, const Node& node) {
  if (!is_standard(*node.source)) return std::nullopt;
  const auto opset = graph.opsets.find("");
  if (opset == graph.opsets.end() || opset->second <= 17) return std::nullopt;
  for (const Change& change : changes)
    if (node.source->op_type() == change.type && find_attribute(*node.source, change.attribute) != nullptr)
      return fmt::format("its attribute {} came after opset 17", change.attribute);
  const bool pad_with_axes = node.source->op_type() == "Pad" && node.inputs.size() > 3;
  const bool axis_as_input = node.source->op_type() == "DFT" && opset->second >= 20;
  if (pad_with_axes || axis_as_input) return "its axes became an input after opset 17";
  return std::nullopt;
}

bool is_newer_operator(const std::string& name) {
  return std::find(newer_operators.begin(), newer_operators.end(), name) != newer_operators.end();
}

bool is_activation(const std::string& name) {
  const auto found = shape_rules().find(name);
  return found != shape_rules().end() && found->second == like_first_input;
}

}  // namespace layerwatt
