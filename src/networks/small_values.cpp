// SPDX-License-Identifier: Apache-2.0
// See small_values.h. Operators: https://onnx.ai/onnx/operators/
#include "networks/small_values.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "networks/attributes.h"
#include "networks/constant_data.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

using Values = std::optional<SmallIntegers>;
using ValueRule = Values (*)(const Graph&, const Node&);

const SmallIntegers* values_of(const Graph& graph, const Node& node, std::size_t input) {
  const Tensor* tensor = input_of(graph, node, input);
  return tensor != nullptr && tensor->integers ? &*tensor->integers : nullptr;
}

// An index counted from the end when negative, kept inside [0, size].
std::int64_t clamped(std::int64_t index, std::int64_t size) {
  if (index < 0) index = index < -size ? 0 : index + size;
  return std::min(index, size);
}

Values shape(const Graph& graph, const Node& node) {
  const Tensor* input = input_of(graph, node, 0);
  if (input == nullptr || !input->shape) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(input->shape->size());
  const std::int64_t start = clamped(integer_attribute(*node.source, "start").value_or(0), rank);
  const std::int64_t end = clamped(integer_attribute(*node.source, "end").value_or(rank), rank);
  SmallIntegers dimensions;
  for (std::int64_t i = start; i < end; ++i) {
    const std::int64_t dimension = (*input->shape)[static_cast<std::size_t>(i)];
    if (dimension < 0) return std::nullopt;
    dimensions.values.push_back(dimension);
  }
  return dimensions;
}

Values size(const Graph& graph, const Node& node) {
  const Tensor* input = input_of(graph, node, 0);
  const auto elements = input != nullptr && input->shape ? elements_of(*input->shape) : std::nullopt;
  return elements ? Values{SmallIntegers{{*elements}, true}} : std::nullopt;
}

Values same(const Graph& graph, const Node& node) {
  const SmallIntegers* input = values_of(graph, node, 0);
  return input != nullptr ? Values{*input} : std::nullopt;
}

Values cast(const Graph& graph, const Node& node) {
  const auto to = integer_attribute(*node.source, "to").value_or(0);
  const bool stays = to == onnx::TensorProto::INT64 || to == onnx::TensorProto::INT32;
  return stays ? same(graph, node) : std::nullopt;
}

Values gather(const Graph& graph, const Node& node) {
  const SmallIntegers* data = values_of(graph, node, 0);
  const SmallIntegers* indices = values_of(graph, node, 1);
  if (data == nullptr || indices == nullptr || data->scalar) return std::nullopt;
  const auto count = static_cast<std::int64_t>(data->values.size());
  SmallIntegers taken{{}, indices->scalar};
  for (std::int64_t index : indices->values) {
    if (index < -count || index >= count) return std::nullopt;
    taken.values.push_back(data->values[static_cast<std::size_t>(index < 0 ? index + count : index)]);
  }
  return taken;
}

Values slice(const Graph& graph, const Node& node) {
  const SmallIntegers* data = values_of(graph, node, 0);
  if (data == nullptr || data->scalar) return std::nullopt;
  const auto bound = [&](const char* attribute, std::size_t input) -> std::optional<std::int64_t> {
    if (node.inputs.size() > 1) {
      const SmallIntegers* given = values_of(graph, node, input);
      if (given == nullptr || given->values.size() != 1) return std::nullopt;
      return given->values[0];
    }
    const auto given = integers_attribute(*node.source, attribute);
    return given && given->size() == 1 ? std::optional{(*given)[0]} : std::nullopt;
  };
  const auto start = bound("starts", 1), end = bound("ends", 2);
  const SmallIntegers* step = values_of(graph, node, 4);
  const bool stepped = step != nullptr && step->values != std::vector<std::int64_t>{1};
  const bool unknown_step = step == nullptr && input_of(graph, node, 4) != nullptr;
  if (!start || !end || stepped || unknown_step) return std::nullopt;
  const auto count = static_cast<std::int64_t>(data->values.size());
  const std::int64_t from = clamped(*start, count), to = clamped(*end, count);
  if (to < from) return SmallIntegers{};
  return SmallIntegers{{data->values.begin() + from, data->values.begin() + to}, false};
}

Values concat(const Graph& graph, const Node& node) {
  SmallIntegers joined;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const SmallIntegers* part = values_of(graph, node, i);
    if (part == nullptr || part->scalar || joined.values.size() + part->values.size() > most_small_integers)
      return std::nullopt;
    joined.values.insert(joined.values.end(), part->values.begin(), part->values.end());
  }
  return joined;
}

// Between rank 0 and rank 1 only.
Values unsqueeze(const Graph& graph, const Node& node) {
  const SmallIntegers* input = values_of(graph, node, 0);
  if (input == nullptr || !input->scalar) return std::nullopt;
  return SmallIntegers{input->values, false};
}

Values squeeze(const Graph& graph, const Node& node) {
  const SmallIntegers* input = values_of(graph, node, 0);
  if (input == nullptr || input->values.size() != 1) return std::nullopt;
  return SmallIntegers{input->values, true};
}

std::optional<std::int64_t> calculated(std::string_view type, std::int64_t a, std::int64_t b) {
  if (type == "Add") return checked_sum(a, b);
  if (type == "Mul") return checked_product(a, b);
  if (type == "Sub") {
    std::int64_t difference = 0;
    return __builtin_sub_overflow(a, b, &difference) ? std::nullopt : std::optional{difference};
  }
  if (type == "Min") return std::min(a, b);
  if (type == "Max") return std::max(a, b);
  if (b == 0 || (b == -1 && a == std::numeric_limits<std::int64_t>::min())) return std::nullopt;
  return a / b;
}

Values arithmetic(const Graph& graph, const Node& node) {
  const SmallIntegers* a = values_of(graph, node, 0);
  const SmallIntegers* b = values_of(graph, node, 1);
  if (a == nullptr || b == nullptr || node.inputs.size() != 2) return std::nullopt;
  const std::size_t count = std::max(a->values.size(), b->values.size());
  const auto fits = [&](const SmallIntegers& one) {
    return one.values.size() == 1 || one.values.size() == count;
  };
  if (!fits(*a) || !fits(*b)) return std::nullopt;
  SmallIntegers made{{}, a->scalar && b->scalar};
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = calculated(node.source->op_type(), a->values[a->values.size() == 1 ? 0 : i],
                                  b->values[b->values.size() == 1 ? 0 : i]);
    if (!value) return std::nullopt;
    made.values.push_back(*value);
  }
  return made;
}

const std::map<std::string_view, ValueRule>& value_rules() {
  static const std::map<std::string_view, ValueRule> all{
      {"Shape", shape},     {"Size", size},      {"Identity", same},  {"Cast", cast},
      {"Gather", gather},   {"Slice", slice},    {"Concat", concat},  {"Unsqueeze", unsqueeze},
      {"Squeeze", squeeze}, {"Add", arithmetic}, {"Sub", arithmetic}, {"Mul", arithmetic},
      {"Div", arithmetic},  {"Min", arithmetic}, {"Max", arithmetic},
  };
  return all;
}

}  // namespace

void propagate_small_values(Graph& graph, const Node& node) {
  if (!is_standard(*node.source) || node.outputs.size() != 1 || !node.outputs[0]) return;
  const auto found = value_rules().find(node.source->op_type());
  if (found == value_rules().end()) return;
  Values values = found->second(graph, node);
  if (!values || values->values.size() > most_small_integers) return;
  Tensor& output = graph.tensors[*node.outputs[0]];
  // A shape that says otherwise (a rank above 1) means that our reading of the operator does not apply.
  const auto rank = output.shape ? output.shape->size() : (values->scalar ? 0U : 1U);
  if (rank != (values->scalar ? 0U : 1U)) return;
  if (!output.shape)
    output.shape = values->scalar ? Shape{} : Shape{static_cast<std::int64_t>(values->values.size())};
  if (output.element_type == 0) output.element_type = onnx::TensorProto::INT64;
  output.integers = std::move(values);
}

}  // namespace layerwatt
