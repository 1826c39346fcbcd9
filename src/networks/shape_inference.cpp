// SPDX-License-Identifier: Apache-2.0
// See shape_inference.h.
#include "networks/shape_inference.h"

#include <fmt/format.h>

#include "networks/attributes.h"
#include "networks/operator_inference.h"
#include "networks/shape_rules.h"
#include "networks/small_values.h"
#include "networks/tensor_size.h"
#include "networks/window.h"

namespace layerwatt {

namespace {

Result<void> infer_node(Graph& graph, const Node& node) {
  if (has_subgraph(*node.source))
    return Error{Errc::unsupported, "", "it contains a graph of its own, which is not looked into"};
  if (const auto window = window_operator(*node.source)) return infer_window(graph, node, *window);
  if (auto by_rule = infer_by_rule(graph, node)) return *by_rule;
  if (is_known_to_libonnx(graph, node)) return infer_with_libonnx(graph, node);
  const std::string name = node.source->domain() + "." + node.source->op_type();
  if (graph.local_functions.count(name) > 0)
    return Error{Errc::unsupported, "", "it is a function that the file defines, which is not looked into"};
  return Error{Errc::unsupported, "", "it is not known here"};
}

bool is_complete(const Tensor& tensor) {
  if (tensor.element_type == 0 || !tensor.shape) return false;
  for (const std::int64_t dimension : *tensor.shape)
    if (dimension < 0) return false;
  return true;
}

bool all_complete(const Graph& graph, const std::vector<std::optional<std::size_t>>& tensors) {
  for (const auto& tensor : tensors)
    if (tensor && !is_complete(graph.tensors[*tensor])) return false;
  return true;
}

class DeclaredTypes {
 public:
  explicit DeclaredTypes(const Graph& graph) : graph_{graph} {
    for (const auto* list : {&graph.model->graph().value_info(), &graph.model->graph().output()})
      for (const onnx::ValueInfoProto& value : *list) declared_.emplace(value.name(), &value.type());
  }

  // Puts what the file declares where nothing better is known.
  void complete(Tensor& tensor) const {
    const auto found = declared_.find(tensor.name);
    if (found == declared_.end()) return;
    auto declared = declared_type(*found->second, graph_);
    if (!declared) return;
    if (tensor.element_type == 0) tensor.element_type = declared->element_type;
    if (!declared->shape) return;
    if (!tensor.shape) tensor.shape = declared->shape;
    if (tensor.shape->size() != declared->shape->size()) return;
    for (std::size_t i = 0; i < tensor.shape->size(); ++i)
      if ((*tensor.shape)[i] < 0) (*tensor.shape)[i] = (*declared->shape)[i];
  }

 private:
  const Graph& graph_;
  std::unordered_map<std::string, const onnx::TypeProto*> declared_;
};

}  // namespace

Result<void> infer_shapes(Graph& graph, NotInferred& not_inferred) {
  const DeclaredTypes declared{graph};
  for (const Node& node : graph.nodes) {
    if (!node.is_layer) continue;
    const bool inputs_complete = all_complete(graph, node.inputs);
    const auto inferred = infer_node(graph, node);
    if (!inferred && inferred.error().code == Errc::malformed) return inferred.error();
    for (const auto& output : node.outputs) {
      if (!output) continue;
      Tensor& tensor = graph.tensors[*output];
      if (!is_complete(tensor)) declared.complete(tensor);
      if (!tensor.shape) continue;
      if (const auto absurd = absurdity_of(*tensor.shape))
        return Error{Errc::malformed, graph.path,
                     fmt::format("tensor {}, made by layer {}, {}", in_quotes(tensor.name),
                                 in_quotes(node.name), *absurd)};
    }
    propagate_small_values(graph, node);
    // Where an input was unknown already, the reason has been said at its origin.
    if (all_complete(graph, node.outputs)) continue;
    const std::string type = in_quotes(operator_of(*node.source));
    if (!inferred && (inputs_complete || inferred.error().detail == "it is not known here"))
      not_inferred.add(fmt::format("what operator {} makes is unknown: {}", type, inferred.error().detail),
                       node.name);
    else if (inferred && inputs_complete)
      not_inferred.add(fmt::format("what operator {} makes depends on the values of its inputs", type),
                       node.name);
  }
  return {};
}

}  // namespace layerwatt
