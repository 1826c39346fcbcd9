// SPDX-License-Identifier: Apache-2.0
// See graph.h. The rules are those of https://onnx.ai/onnx/repo-docs/IR.html (graphs, names, sorting).
#include "networks/graph.h"

#include <fmt/format.h>

#include <unordered_set>

#include "networks/attributes.h"
#include "networks/constant_data.h"
#include "networks/node_names.h"
#include "networks/tensor_size.h"
#include "networks/topological_order.h"

namespace layerwatt {

namespace {

// The largest published networks have some 300 000. Each costs a description hundreds of bytes, and a file
// as few as three.
constexpr std::size_t most_connections = 4'000'000;

class GraphBuilder {
 public:
  GraphBuilder(std::unique_ptr<onnx::ModelProto> model, std::string path, std::int64_t batch) {
    graph_.path = std::move(path);
    graph_.batch = batch;
    graph_.model = std::move(model);
  }

  Result<Graph> build() {
    read_imports();
    for (const auto step : {&GraphBuilder::add_initializers, &GraphBuilder::add_inputs,
                            &GraphBuilder::add_nodes, &GraphBuilder::connect, &GraphBuilder::sort,
                            &GraphBuilder::mark_constants, &GraphBuilder::add_outputs})
      if (auto done = (this->*step)(); !done) return done.error();
    name_layers(graph_);
    return std::move(graph_);
  }

 private:
  [[nodiscard]] const onnx::GraphProto& proto() const { return graph_.model->graph(); }
  [[nodiscard]] Error malformed(const std::string& detail) const {
    return Error{Errc::malformed, graph_.path, detail};
  }

  void read_imports() {
    for (const auto& import : graph_.model->opset_import())
      graph_.opsets[import.domain() == "ai.onnx" ? "" : import.domain()] = import.version();
    for (const auto& function : graph_.model->functions())
      graph_.local_functions.insert(function.domain() + "." + function.name());
  }

  // A new tensor; an error when the name is taken. `who` makes it.
  Result<std::size_t> add_tensor(const std::string& name, const std::string& who) {
    if (!is_utf8(name)) return malformed(who + " has a name that is not UTF-8");
    const auto [at, is_new] = graph_.tensor_named.emplace(name, graph_.tensors.size());
    if (!is_new)
      return malformed(fmt::format("tensor {} is made twice; the second time by {}", in_quotes(name), who));
    graph_.tensors.push_back({});
    graph_.tensors.back().name = name;
    return at->second;
  }

  Result<void> add_initializers() {
    for (const onnx::TensorProto& initializer : proto().initializer()) {
      const std::string who = "initializer " + in_quotes(initializer.name());
      if (const auto complaint = complaint_about(initializer)) return malformed(who + " " + *complaint);
      const auto added = add_tensor(initializer.name(), who);
      if (!added) return added.error();
      set_constant(graph_.tensors[*added], initializer);
    }
    for (const onnx::SparseTensorProto& sparse : proto().sparse_initializer()) {
      const std::string who = "sparse initializer " + in_quotes(sparse.values().name());
      Shape shape{sparse.dims().begin(), sparse.dims().end()};
      if (const auto absurd = absurdity_of(shape)) return malformed(who + " " + *absurd);
      const auto added = add_tensor(sparse.values().name(), who);
      if (!added) return added.error();
      Tensor& tensor = graph_.tensors[*added];
      tensor.constant = true;
      tensor.element_type = sparse.values().data_type();
      tensor.shape = std::move(shape);
    }
    return {};
  }

  Result<void> add_inputs() {
    for (const onnx::ValueInfoProto& input : proto().input()) {
      // Before IR version 4 initializers were listed among the inputs too.
      if (graph_.tensor_named.count(input.name()) > 0) continue;
      const auto added = add_tensor(input.name(), "the list of inputs");
      if (!added) return added.error();
      graph_.inputs.push_back(*added);
      const auto& shape = input.type().tensor_type().shape();
      if (shape.dim_size() > 0 && !shape.dim(0).dim_param().empty())
        graph_.batch_symbols.insert(shape.dim(0).dim_param());
    }
    for (const onnx::ValueInfoProto& input : proto().input()) {
      Tensor& tensor = graph_.tensors[graph_.tensor_named.at(input.name())];
      if (tensor.constant) continue;
      const auto declared = declared_type(input.type(), graph_);
      if (!declared) continue;
      tensor.element_type = declared->element_type;
      tensor.shape = declared->shape;
      if (!tensor.shape) continue;
      if (!tensor.shape->empty() && tensor.shape->front() == -1) tensor.shape->front() = graph_.batch;
      if (const auto absurd = absurdity_of(*tensor.shape))
        return malformed(fmt::format("input {} {}", in_quotes(input.name()), *absurd));
    }
    return {};
  }

  Result<void> add_nodes() {
    graph_.nodes.reserve(static_cast<std::size_t>(proto().node_size()));
    for (const onnx::NodeProto& source : proto().node()) {
      Node node;
      node.source = &source;
      node.file_index = graph_.nodes.size();
      if (!is_utf8(source.name()) || !is_utf8(source.op_type()) || !is_utf8(source.domain()))
        return malformed(fmt::format("node {} has a name or type that is not UTF-8", node.file_index));
      if (source.op_type().empty()) return malformed(fmt::format("node {} has no operator", node.file_index));
      for (const std::string& output : source.output()) {
        node.outputs.emplace_back();
        if (output.empty()) continue;
        const auto added = add_tensor(output, described_in_errors(node));
        if (!added) return added.error();
        node.outputs.back() = *added;
        graph_.tensors[*added].producer = node.file_index;
      }
      graph_.nodes.push_back(std::move(node));
    }
    if (graph_.nodes.empty()) return malformed("has no layers");
    return {};
  }

  Result<void> connect() {
    std::size_t connections = 0;
    for (Node& node : graph_.nodes) {
      connections += node.outputs.size() + static_cast<std::size_t>(node.source->input_size());
      if (connections > most_connections)
        return malformed(fmt::format("its layers have more than {} inputs and outputs", most_connections));
      for (const std::string& input : node.source->input()) {
        node.inputs.emplace_back();
        if (input.empty()) continue;
        const auto found = graph_.tensor_named.find(input);
        if (found == graph_.tensor_named.end())
          return malformed(fmt::format("{} reads tensor {}, which nothing makes", described_in_errors(node),
                                       in_quotes(input)));
        node.inputs.back() = found->second;
      }
      if (has_subgraph(*node.source)) capture(node);
    }
    return {};
  }

  // The tensors of this graph that the subgraphs of a node read.
  void capture(Node& node) {
    std::unordered_set<std::string_view> defined, read;
    for (const onnx::AttributeProto& attribute : node.source->attribute()) visit(attribute, defined, read);
    std::set<std::size_t> captured;
    for (const std::string_view name : read) {
      if (defined.count(name) > 0) continue;
      const auto found = graph_.tensor_named.find(std::string{name});
      if (found != graph_.tensor_named.end()) captured.insert(found->second);
    }
    node.captured.assign(captured.begin(), captured.end());
  }

  // As deep as graphs are nested, which the reader of the wire format limits.
  static void visit(const onnx::AttributeProto& attribute, std::unordered_set<std::string_view>& defined,
                    std::unordered_set<std::string_view>& read) {
    const auto visit_graph = [&](const onnx::GraphProto& graph) {
      for (const auto& input : graph.input()) defined.insert(input.name());
      for (const auto& initializer : graph.initializer()) defined.insert(initializer.name());
      for (const auto& output : graph.output()) read.insert(output.name());
      for (const auto& node : graph.node()) {
        defined.insert(node.output().begin(), node.output().end());
        read.insert(node.input().begin(), node.input().end());
        for (const auto& nested : node.attribute()) visit(nested, defined, read);
      }
    };
    if (attribute.has_g()) visit_graph(attribute.g());
    for (const auto& graph : attribute.graphs()) visit_graph(graph);
  }

  // Puts each node behind those it reads from.
  Result<void> sort() {
    const auto order = topological_order(graph_);
    if (!order) return order.error();
    std::vector<Node> sorted;
    sorted.reserve(order->size());
    for (const std::size_t i : *order) {
      for (const auto& output : graph_.nodes[i].outputs)
        if (output) graph_.tensors[*output].producer = sorted.size();
      sorted.push_back(std::move(graph_.nodes[i]));
    }
    graph_.nodes = std::move(sorted);
    return {};
  }

  Result<void> mark_constants() {
    for (Node& node : graph_.nodes) {
      if (!is_standard(*node.source) || node.outputs.size() != 1 || !node.outputs[0]) continue;
      Tensor& output = graph_.tensors[*node.outputs[0]];
      if (node.source->op_type() == "Constant") {
        node.is_layer = false;
        if (const auto complaint = set_constant(output, *node.source))
          return malformed(described_in_errors(node) + " " + *complaint);
      } else if (node.source->op_type() == "Identity" && node.inputs.size() == 1 && node.inputs[0] &&
                 graph_.tensors[*node.inputs[0]].constant) {
        node.is_layer = false;
        const Tensor& input = graph_.tensors[*node.inputs[0]];
        output.constant = true;
        output.element_type = input.element_type;
        output.shape = input.shape;
        output.data = input.data;
        output.integers = input.integers;
      }
    }
    return {};
  }

  Result<void> add_outputs() {
    for (const onnx::ValueInfoProto& output : proto().output()) {
      const auto found = graph_.tensor_named.find(output.name());
      if (found == graph_.tensor_named.end())
        return malformed(fmt::format("output {} is made by nothing", in_quotes(output.name())));
      graph_.outputs.push_back(found->second);
    }
    return {};
  }

  Graph graph_;
};

}  // namespace

Result<Graph> build_graph(std::unique_ptr<onnx::ModelProto> model, const std::string& path,
                          std::int64_t batch) {
  return GraphBuilder{std::move(model), path, batch}.build();
}

std::optional<DeclaredType> declared_type(const onnx::TypeProto& type, const Graph& graph) {
  if (!type.has_tensor_type()) return std::nullopt;
  DeclaredType declared;
  declared.element_type = type.tensor_type().elem_type();
  if (!type.tensor_type().has_shape()) return declared;
  declared.shape.emplace();
  for (const auto& dimension : type.tensor_type().shape().dim()) {
    if (dimension.has_dim_value())
      declared.shape->push_back(dimension.dim_value());
    else
      declared.shape->push_back(graph.batch_symbols.count(dimension.dim_param()) > 0 ? graph.batch : -1);
  }
  return declared;
}

}  // namespace layerwatt
