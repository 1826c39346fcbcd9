// SPDX-License-Identifier: Apache-2.0
// See operator_inference.h. Against libonnx 1.12, whose newest opset is 17.
#include "networks/operator_inference.h"

#include <fmt/format.h>
#include <onnx/defs/operator_sets.h>
#include <onnx/defs/schema.h>
#include <onnx/defs/shape_inference.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "networks/attributes.h"
#include "networks/shape_rules.h"

namespace layerwatt {

namespace {

constexpr std::int64_t newest_opset = 17;

const onnx::OpSchema* schema_of(const Graph& graph, const Node& node) {
  const std::string domain = is_standard(*node.source) ? "" : node.source->domain();
  const auto import = graph.opsets.find(domain);
  std::int64_t version = import == graph.opsets.end() ? 1 : import->second;
  if (domain.empty()) version = std::min(version, newest_opset);
  version = std::clamp<std::int64_t>(version, 1, std::numeric_limits<int>::max());
  return onnx::OpSchemaRegistry::Schema(node.source->op_type(), static_cast<int>(version), domain);
}

onnx::TypeProto type_of(const Tensor& tensor) {
  onnx::TypeProto type;
  auto* tensor_type = type.mutable_tensor_type();
  if (tensor.element_type != 0) tensor_type->set_elem_type(tensor.element_type);
  if (!tensor.shape) return type;
  auto* shape = tensor_type->mutable_shape();
  for (const std::int64_t dimension : *tensor.shape) {
    auto* made = shape->add_dim();
    if (dimension >= 0) made->set_dim_value(dimension);
  }
  return type;
}

onnx::TensorProto data_of(const SmallIntegers& integers) {
  onnx::TensorProto data;
  data.set_data_type(onnx::TensorProto::INT64);
  if (!integers.scalar) data.add_dims(static_cast<std::int64_t>(integers.values.size()));
  for (const std::int64_t value : integers.values) data.add_int64_data(value);
  return data;
}

// What libonnx may ask about one node.
class NodeContext final : public onnx::InferenceContext {
 public:
  NodeContext(const Graph& graph, const Node& node) : node_{node}, outputs_(node.outputs.size()) {
    types_.resize(node.inputs.size());
    computed_.resize(node.inputs.size());
    data_.resize(node.inputs.size(), nullptr);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (!node.inputs[i]) continue;
      // Also where nothing is known of it: libonnx takes a null type for an input that was left out.
      const Tensor& tensor = graph.tensors[*node.inputs[i]];
      types_[i] = type_of(tensor);
      data_[i] = tensor.data;
      if (tensor.data == nullptr && tensor.integers) {
        computed_[i] = data_of(*tensor.integers);
        data_[i] = &*computed_[i];
      }
    }
  }

  const onnx::AttributeProto* getAttribute(const std::string& name) const override {
    return find_attribute(*node_.source, name);
  }
  std::size_t getNumInputs() const override { return types_.size(); }
  const onnx::TypeProto* getInputType(std::size_t i) const override {
    return i < types_.size() && types_[i] ? &*types_[i] : nullptr;
  }
  const onnx::TensorProto* getInputData(std::size_t i) const override {
    return i < data_.size() ? data_[i] : nullptr;
  }
  const onnx::SparseTensorProto* getInputSparseData(std::size_t) const override { return nullptr; }
  const onnx::TensorShapeProto* getSymbolicInput(std::size_t) const override { return nullptr; }
  std::size_t getNumOutputs() const override { return outputs_.size(); }
  onnx::TypeProto* getOutputType(std::size_t i) override {
    if (i >= outputs_.size()) throw onnx::InferenceError("it lacks an output");
    return &outputs_[i];
  }
  onnx::GraphInferencer* getGraphAttributeInferencer(const std::string&) override { return nullptr; }

 private:
  const Node& node_;
  std::vector<std::optional<onnx::TypeProto>> types_;
  std::vector<std::optional<onnx::TensorProto>> computed_;
  std::vector<const onnx::TensorProto*> data_;
  std::vector<onnx::TypeProto> outputs_;
};

// Operators whose inference in libonnx 1.12 crashes when a file is hostile (found by tests/fuzz), among them
// all that expect a graph.
bool is_unsafe_in_libonnx(const std::string& type) {
  static const std::set<std::string_view> unsafe{"If",   "Loop",        "MaxUnpool",      "STFT",
                                                 "Scan", "SequenceMap", "SplitToSequence"};
  return unsafe.count(type) > 0;
}

// libonnx relies on its checker having counted inputs and outputs.
std::optional<std::string> wrong_count(const onnx::OpSchema& schema, const Node& node) {
  const auto inputs = static_cast<int>(node.inputs.size()), outputs = static_cast<int>(node.outputs.size());
  if (inputs < schema.min_input() || inputs > schema.max_input())
    return fmt::format("it has {} inputs instead of {} to {}", inputs, schema.min_input(),
                       schema.max_input());
  if (outputs < schema.min_output() || outputs > schema.max_output())
    return fmt::format("it has {} outputs instead of {} to {}", outputs, schema.min_output(),
                       schema.max_output());
  for (int i = 0; i < schema.min_input(); ++i)
    if (!node.inputs[static_cast<std::size_t>(i)]) return fmt::format("it lacks its input {}", i);
  return std::nullopt;
}

// Nothing where it is not known, or there is no such input.
std::optional<std::size_t> rank_of(const Graph& graph, const Node& node, std::size_t input) {
  if (input >= node.inputs.size() || !node.inputs[input]) return std::nullopt;
  const auto& shape = graph.tensors[*node.inputs[input]].shape;
  return shape ? std::optional{shape->size()} : std::nullopt;
}

// libonnx reads so many dimensions of these inputs without looking whether they exist.
std::optional<std::string> lacking_dimensions(const Graph& graph, const Node& node) {
  struct Needed {
    std::string_view type;
    std::size_t input, dimensions;
  };
  static constexpr std::array needed{Needed{"Gemm", 0, 2}, Needed{"Gemm", 1, 2},
                                     Needed{"LayerNormalization", 0, 1}, Needed{"MaxRoiPool", 0, 4},
                                     Needed{"MaxRoiPool", 1, 1}};
  for (const auto& [type, input, dimensions] : needed) {
    if (type != node.source->op_type()) continue;
    const auto rank = rank_of(graph, node, input);
    if (rank && *rank < dimensions) return fmt::format("its input {} has {} dimensions", input, *rank);
  }
  return std::nullopt;
}

// Of operators that take no other axis: LayerNormalization, whose rank is that of its first input, and
// GatherND, which counts none from the end. A rank of 0 is not known, or was complained about.
bool out_of_range(const std::string& type, std::int64_t axis, std::int64_t rank) {
  if (type == "LayerNormalization") return rank > 0 && (axis < -rank || axis >= rank);
  return type == "GatherND" && axis < 0;
}

// libonnx reads dimensions by these without looking whether they exist.
std::optional<std::string> unsafe_axis(const Graph& graph, const Node& node) {
  const std::string& type = node.source->op_type();
  std::size_t highest_rank = 0;
  const std::size_t looked_at = type == "LayerNormalization" ? 1 : node.inputs.size();
  for (std::size_t i = 0; i < looked_at; ++i)
    highest_rank = std::max(highest_rank, rank_of(graph, node, i).value_or(0));
  std::vector<std::int64_t> axes;
  for (const char* name : {"axis", "axes", "perm", "batch_axis", "time_axis", "batch_dims"}) {
    if (const auto one = integer_attribute(*node.source, name)) axes.push_back(*one);
    const auto several = integers_attribute(*node.source, name).value_or(Shape{});
    axes.insert(axes.end(), several.begin(), several.end());
  }
  const bool axes_as_input =
      (type == "Squeeze" || type == "Unsqueeze") && node.inputs.size() > 1 && node.inputs[1];
  if (axes_as_input && graph.tensors[*node.inputs[1]].integers) {
    const auto& several = graph.tensors[*node.inputs[1]].integers->values;
    axes.insert(axes.end(), several.begin(), several.end());
  }
  // Unsqueeze and the sequence operators count the dimensions they add.
  const auto limit = static_cast<std::int64_t>(highest_rank + (type == "Unsqueeze" ? axes.size() : 1));
  for (const std::int64_t axis : axes)
    if (axis < -limit || axis > limit || out_of_range(type, axis, static_cast<std::int64_t>(highest_rank)))
      return fmt::format("axis {} of an input with {} dimensions", axis, highest_rank);
  const auto permutation = integers_attribute(*node.source, "perm");
  if (type == "Transpose" && permutation && permutation->size() != highest_rank && highest_rank > 0)
    return fmt::format("it permutes {} dimensions of {}", permutation->size(), highest_rank);
  return std::nullopt;
}

// libonnx counts what stands in an equation by its place in a to z.
bool is_unsafe_equation(const Node& node) {
  if (node.source->op_type() != "Einsum") return false;
  std::string equation = text_attribute(*node.source, "equation");
  if (const auto arrow = equation.find("->"); arrow != std::string::npos) equation.erase(arrow, 2);
  return equation.find_first_not_of("abcdefghijklmnopqrstuvwxyz., ") != std::string::npos;
}

// libonnx's messages carry a tag in brackets and, after a line break, context that we know better.
std::string shortened(const std::string& what) {
  std::string text = what.substr(0, what.find('\n'));
  if (const auto tag = text.find("] "); tag != std::string::npos && text.front() == '[')
    text.erase(0, tag + 2);
  constexpr std::size_t longest = 160;
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  return text;
}

}  // namespace

bool is_known_to_libonnx(const Graph& graph, const Node& node) { return schema_of(graph, node) != nullptr; }

Result<void> infer_with_libonnx(Graph& graph, const Node& node) {
  const onnx::OpSchema* schema = schema_of(graph, node);
  if (schema == nullptr) return not_inferable("libonnx does not know it");
  if (is_unsafe_in_libonnx(node.source->op_type())) return not_inferable("libonnx cannot be trusted with it");
  if (is_unsafe_equation(node)) return not_inferable("libonnx cannot be trusted with its equation");
  if (const auto changed = changed_since_libonnx(graph, node)) return not_inferable(*changed);
  if (const auto wrong = wrong_count(*schema, node)) return not_inferable(*wrong);
  if (const auto lacking = lacking_dimensions(graph, node)) return not_inferable(*lacking);
  if (const auto unsafe = unsafe_axis(graph, node)) return not_inferable(*unsafe);
  const auto function = schema->GetTypeAndShapeInferenceFunction();
  if (!function) return not_inferable("libonnx has no shape inference for it");
  NodeContext context{graph, node};
  std::string problem;
  try {
    function(context);
  } catch (const std::exception& failure) {
    problem = shortened(failure.what());
  } catch (...) {
    problem = "libonnx failed";
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const auto declared = declared_type(*context.getOutputType(i), graph);
    if (!declared) continue;
    // After a failure the element type is right, but a shape may be half made.
    set_output(graph, node, i, declared->element_type, problem.empty() ? declared->shape : std::nullopt);
  }
  if (!problem.empty()) return not_inferable(problem);
  return {};
}

}  // namespace layerwatt
