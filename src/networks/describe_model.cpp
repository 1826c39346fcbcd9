// SPDX-License-Identifier: Apache-2.0
// See describe_model.h.
#include "networks/describe_model.h"

#include <fmt/format.h>

#include "networks/attributes.h"
#include "networks/costs.h"
#include "networks/graph.h"
#include "networks/model_marks.h"
#include "networks/modules.h"
#include "networks/not_inferred.h"
#include "networks/shape_inference.h"
#include "networks/tensor_size.h"
#include "networks/window.h"

namespace layerwatt {

namespace {

// -1 in one place stands for a rank that is not known.
Shape shape_or_unknown(const Tensor& tensor) { return tensor.shape.value_or(Shape{-1}); }

std::vector<TensorDescription> described(const Graph& graph, const std::vector<std::size_t>& tensors) {
  std::vector<TensorDescription> list;
  for (const std::size_t i : tensors) {
    const Tensor& tensor = graph.tensors[i];
    list.push_back({tensor.name, name_of_element(tensor.element_type), shape_or_unknown(tensor)});
  }
  return list;
}

Layer described(const Graph& graph, const Node& node, std::string module) {
  Layer layer;
  layer.name = node.name;
  layer.type = node.source->op_type();
  layer.module = std::move(module);
  layer.sources = {node.name};
  if (const auto what = window_operator(*node.source)) {
    if (auto window = window_of(graph, node, *what)) {
      layer.kernel = std::move(window->kernel);
      layer.stride = std::move(window->stride);
      if (what->weight_input > 0) layer.groups = window->groups;
    }
  }
  for (const auto& input : node.inputs)
    if (input && !graph.tensors[*input].constant)
      layer.inputs.push_back(shape_or_unknown(graph.tensors[*input]));
  for (const auto& output : node.outputs)
    if (output) layer.outputs.push_back(shape_or_unknown(graph.tensors[*output]));
  layer.macs = macs_of(graph, node);
  layer.parameters = parameters_of(graph, node);
  layer.bytes = bytes_of(graph, node);
  return layer;
}

std::vector<std::string> names_of(const Graph& graph,
                                  const std::vector<std::optional<std::size_t>>& tensors) {
  std::vector<std::string> names;
  for (const auto& tensor : tensors) names.push_back(tensor ? graph.tensors[*tensor].name : "");
  return names;
}

std::vector<std::optional<std::int64_t>> sizes_of(const Graph& graph,
                                                  const std::vector<std::optional<std::size_t>>& tensors) {
  std::vector<std::optional<std::int64_t>> bytes;
  for (const auto& tensor : tensors) {
    const bool known = tensor && graph.tensors[*tensor].shape;
    bytes.push_back(known ? bytes_of(*graph.tensors[*tensor].shape, graph.tensors[*tensor].element_type)
                          : std::nullopt);
  }
  return bytes;
}

void note_dynamic_inputs(const Graph& graph, NotInferred& not_inferred) {
  for (const std::size_t i : graph.inputs) {
    const Tensor& tensor = graph.tensors[i];
    if (!tensor.shape) {
      not_inferred.add(fmt::format("input {} has no shape in the file, and what depends on it is unknown",
                                   in_quotes(tensor.name)));
      continue;
    }
    for (std::size_t dimension = 1; dimension < tensor.shape->size(); ++dimension)
      if ((*tensor.shape)[dimension] < 0)
        not_inferred.add(fmt::format(
            "dimension {} of input {} is not fixed in the file, and what depends on it is unknown", dimension,
            in_quotes(tensor.name)));
  }
}

Network described(const Graph& graph, const std::filesystem::path& path, NotInferred& not_inferred) {
  Network network;
  const std::string& graph_name = graph.model->graph().name();
  const bool usable = !graph_name.empty() && is_utf8(graph_name);
  network.name = usable ? graph_name : path.stem().string();
  network.inputs = described(graph, graph.inputs);
  network.outputs = described(graph, graph.outputs);
  const std::vector<std::string> modules = modules_of(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (!node.is_layer) continue;
    network.layers.push_back(described(graph, node, modules[i]));
    if (!network.layers.back().macs)
      not_inferred.add(fmt::format("MACs of operator {} are not known", in_quotes(operator_of(*node.source))),
                       node.name);
    const bool has_output = !node.outputs.empty() && node.outputs[0];
    network.element_types.push_back(
        name_of_element(has_output ? graph.tensors[*node.outputs[0]].element_type : 0));
    network.produced.push_back(names_of(graph, node.outputs));
    network.consumed.push_back(names_of(graph, node.inputs));
    network.produced_bytes.push_back(sizes_of(graph, node.outputs));
  }
  const auto standard = graph.opsets.find("");
  network.opset = standard == graph.opsets.end() ? 1 : standard->second;
  network.random_weights = has_random_weights(*graph.model);
  network.part = part_said_by(*graph.model);
  network.substitutions = substitutions_of(*graph.model);
  network.not_inferred = not_inferred.sentences();
  return network;
}

}  // namespace

Result<Network> describe_model(std::unique_ptr<onnx::ModelProto> model, const std::filesystem::path& path,
                               const ReadOptions& options, const std::vector<std::string>& missing) {
  if (options.batch < 1) return Error{Errc::unsupported, "batch", "must be at least 1"};
  auto graph = build_graph(std::move(model), path.string(), options.batch);
  if (!graph) return graph.error();
  NotInferred not_inferred;
  for (const std::string& sentence : missing) not_inferred.add(sentence);
  note_dynamic_inputs(*graph, not_inferred);
  if (auto inferred = infer_shapes(*graph, not_inferred); !inferred) return inferred.error();
  Network network = described(*graph, path, not_inferred);
  if (network.layers.empty()) return Error{Errc::malformed, path.string(), "has no layers, only constants"};
  return network;
}

}  // namespace layerwatt
