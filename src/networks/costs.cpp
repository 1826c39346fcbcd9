// SPDX-License-Identifier: Apache-2.0
// See costs.h. Operators: https://onnx.ai/onnx/operators/ and, for com.microsoft, ONNX Runtime's
// docs/ContribOperators.md.
#include "networks/costs.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "networks/attributes.h"
#include "networks/operator_inference.h"
#include "networks/shape_rules.h"
#include "networks/tensor_size.h"
#include "networks/window.h"

namespace layerwatt {

namespace {

using Count = std::optional<std::int64_t>;

const Shape* shape_of(const Graph& graph, const std::optional<std::size_t>& tensor) {
  if (!tensor || !graph.tensors[*tensor].shape) return nullptr;
  return &*graph.tensors[*tensor].shape;
}

const Shape* input_shape(const Graph& graph, const Node& node, std::size_t input) {
  return input < node.inputs.size() ? shape_of(graph, node.inputs[input]) : nullptr;
}

const Shape* output_shape(const Graph& graph, const Node& node) {
  return node.outputs.empty() ? nullptr : shape_of(graph, node.outputs[0]);
}

Count product(const Count& a, const Count& b) { return a && b ? checked_product(*a, *b) : std::nullopt; }

// Each element of the output (of the input, when transposed) meets the weights of one filter.
Count convolution_macs(const Graph& graph, const Node& node, const WindowOperator& what) {
  const bool transposed = what.kind == WindowKind::transposed_convolution;
  const Shape* activations = transposed ? input_shape(graph, node, 0) : output_shape(graph, node);
  const Shape* weights = input_shape(graph, node, what.weight_input);
  if (activations == nullptr || weights == nullptr || weights->empty()) return std::nullopt;
  return product(elements_of(*activations), elements_of({weights->begin() + 1, weights->end()}));
}

struct MatrixProduct {
  std::size_t left, right;  // inputs
};

// Each element of the output is a sum over the last dimension of the left matrix.
Count matrix_product_macs(const Graph& graph, const Node& node, const MatrixProduct& what) {
  const Shape* left = input_shape(graph, node, what.left);
  const Shape* output = output_shape(graph, node);
  if (left == nullptr || output == nullptr || left->empty()) return std::nullopt;
  const bool transposed = integer_attribute(*node.source, "transA").value_or(0) != 0 && left->size() >= 2;
  const std::int64_t depth = transposed ? (*left)[left->size() - 2] : left->back();
  return depth < 0 ? std::nullopt : product(elements_of(*output), depth);
}

// Each step of each sequence meets all weights of each direction once.
Count recurrent_macs(const Graph& graph, const Node& node) {
  const Shape* data = input_shape(graph, node, 0);
  const Shape* weights = input_shape(graph, node, 1);
  const Shape* recurrence = input_shape(graph, node, 2);
  if (data == nullptr || weights == nullptr || recurrence == nullptr || data->size() != 3)
    return std::nullopt;
  const Count steps = elements_of({(*data)[0], (*data)[1]});
  const Count of_input = elements_of(*weights), of_state = elements_of(*recurrence);
  const Count all = of_input && of_state ? checked_sum(*of_input, *of_state) : std::nullopt;
  return product(steps, all);
}

const MatrixProduct* matrix_product(const std::string& name) {
  static const std::map<std::string, MatrixProduct> operators{
      {"Gemm", {0, 1}},
      {"MatMul", {0, 1}},
      {"MatMulInteger", {0, 1}},
      {"QLinearMatMul", {0, 3}},
      {"com.microsoft.FusedGemm", {0, 1}},
      {"com.microsoft.FusedMatMul", {0, 1}},
      {"com.microsoft.QGemm", {0, 3}},
  };
  const auto found = operators.find(name);
  return found == operators.end() ? nullptr : &found->second;
}

// Operators that multiply and accumulate in ways that are not counted here.
bool is_uncounted(const std::string& name) {
  static const std::set<std::string> uncounted{"Einsum", "Attention", "DFT", "STFT"};
  return uncounted.count(name) > 0;
}

// Biases of quantised operators are sums of products, kept in 32 bits.
bool has_wide_bias(const std::string& type) { return type == "QLinearConv" || type == "com.microsoft.QGemm"; }

bool can_be_trained(const std::string& type, int element_type) {
  if (element_type == onnx::TensorProto::INT32) return has_wide_bias(type);
  const std::string name = name_of_element(element_type);
  const bool small_integer = name == "int8" || name == "uint8" || name == "int4" || name == "uint4";
  return small_integer || name.rfind("float", 0) == 0 || name == "bfloat16";
}

// Inputs of which operators are constants without being parameters.
bool holds_parameters(const std::string& type, std::size_t input) {
  static const std::map<std::string_view, std::vector<std::size_t>> only{
      {"BatchNormalization", {1, 2}},  // 3 and 4 are running statistics
      {"Clip", {}},
      {"ConvInteger", {1}},
      {"DequantizeLinear", {0}},
      {"MatMulInteger", {1}},
      {"NonMaxSuppression", {}},
      {"Pad", {0}},
      {"QLinearConv", {3, 8}},
      {"QLinearMatMul", {0, 3}},
      {"QuantizeLinear", {0}},
      {"Resize", {0}},
      {"Upsample", {0}},
      {"com.microsoft.QGemm", {3, 6}},
  };
  const auto found = only.find(type);
  if (found == only.end()) return true;
  return std::find(found->second.begin(), found->second.end(), input) != found->second.end();
}

}  // namespace

std::optional<std::int64_t> macs_of(const Graph& graph, const Node& node) {
  if (has_subgraph(*node.source)) return std::nullopt;
  const std::string name = operator_of(*node.source);
  if (const auto window = window_operator(*node.source))
    return window->weight_input > 0 ? convolution_macs(graph, node, *window) : 0;
  if (const MatrixProduct* matrices = matrix_product(name))
    return matrix_product_macs(graph, node, *matrices);
  if (name == "LSTM" || name == "GRU" || name == "RNN") return recurrent_macs(graph, node);
  const bool counts_none = is_known_to_libonnx(graph, node) || is_newer_operator(name) || is_activation(name);
  return counts_none && !is_uncounted(name) ? std::optional<std::int64_t>{0} : std::nullopt;
}

std::optional<std::int64_t> parameters_of(const Graph& graph, const Node& node) {
  const std::string type = operator_of(*node.source);
  Count total = 0;
  std::set<std::size_t> counted;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (!node.inputs[i] || !holds_parameters(type, i)) continue;
    const Tensor& tensor = graph.tensors[*node.inputs[i]];
    const bool is_scalar = tensor.shape && tensor.shape->empty();
    if (!tensor.constant || is_scalar || !can_be_trained(type, tensor.element_type)) continue;
    if (!counted.insert(*node.inputs[i]).second) continue;
    const Count elements = tensor.shape ? elements_of(*tensor.shape) : std::nullopt;
    total = total && elements ? checked_sum(*total, *elements) : std::nullopt;
  }
  return total;
}

std::optional<std::int64_t> bytes_of(const Graph& graph, const Node& node) {
  std::set<std::size_t> touched(node.captured.begin(), node.captured.end());
  for (const auto* list : {&node.inputs, &node.outputs})
    for (const auto& tensor : *list)
      if (tensor) touched.insert(*tensor);
  Count total = 0;
  for (const std::size_t one : touched) {
    const Tensor& tensor = graph.tensors[one];
    const Count bytes = tensor.shape ? bytes_of(*tensor.shape, tensor.element_type) : std::nullopt;
    total = total && bytes ? checked_sum(*total, *bytes) : std::nullopt;
  }
  return total;
}

}  // namespace layerwatt
