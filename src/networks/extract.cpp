// SPDX-License-Identifier: Apache-2.0
// See extract.h. A part of a network as a network of its own: nodes, weights and shapes as they are, what
// comes from outside as inputs, what outside reads as outputs. Shapes that the network computes outside the
// part are written down.
#include "networks/extract.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "networks/graph.h"
#include "networks/model_marks.h"
#include "networks/network.h"
#include "networks/not_inferred.h"
#include "networks/onnx_builder.h"
#include "networks/onnx_file.h"
#include "networks/shape_inference.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

Result<Graph> inferred_graph(const std::filesystem::path& path, std::int64_t batch) {
  auto model = read_model_without_weights(path);
  if (!model) return model.error();
  auto graph = build_graph(std::move(*model), path.string(), batch);
  if (!graph) return graph;
  NotInferred ignored;
  if (auto inferred = infer_shapes(*graph, ignored); !inferred) return inferred.error();
  return graph;
}

// Where in Graph::nodes; the message names layers that look alike.
Result<std::size_t> layer_named(const Graph& graph, const std::string& name) {
  constexpr std::size_t most_hints = 5;
  std::vector<std::string> alike;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!graph.nodes[i].is_layer) continue;
    if (graph.nodes[i].name == name) return i;
    if (alike.size() < most_hints && graph.nodes[i].name.find(name) != std::string::npos)
      alike.push_back(graph.nodes[i].name);
  }
  return Error{Errc::not_found, graph.path,
               fmt::format("has no layer {}{}; `layerwatt model describe` lists them", in_quotes(name),
                           alike.empty() ? "" : fmt::format(", but {}", fmt::join(alike, ", ")))};
}

class Extraction {
 public:
  // `doubled` is the same graph with a batch of two, to see which dimensions are the batch.
  Extraction(const Graph& graph, const Graph& doubled, onnx::ModelProto& whole)
      : graph_{graph}, doubled_{doubled}, whole_{whole} {}

  Result<onnx::ModelProto> take(std::size_t first, std::size_t last) {
    collect(first, last);
    copy_head(first, last);
    if (auto added = add_inputs(); !added) return added.error();
    if (auto added = add_initializers(); !added) return added.error();
    for (const std::size_t node : nodes_)
      part().add_node()->Swap(
          whole_.mutable_graph()->mutable_node(static_cast<int>(graph_.nodes[node].file_index)));
    add_outputs(first, last);
    return std::move(made_);
  }

 private:
  onnx::GraphProto& part() { return *made_.mutable_graph(); }
  [[nodiscard]] Error error(Errc code, const std::string& detail) const {
    return {code, graph_.path, detail};
  }

  [[nodiscard]] std::vector<std::size_t> read_by(const Node& node) const {
    std::vector<std::size_t> read = node.captured;
    for (const auto& input : node.inputs)
      if (input) read.push_back(*input);
    return read;
  }

  // The nodes of the part, with those that only make constants for them, and the tensors that they need.
  void collect(std::size_t first, std::size_t last) {
    std::vector<std::size_t> open;
    for (std::size_t i = first; i <= last; ++i)
      if (graph_.nodes[i].is_layer) open.push_back(i);
    nodes_.insert(open.begin(), open.end());
    for (const std::size_t i : nodes_)
      for (const auto& output : graph_.nodes[i].outputs)
        if (output) inside_.insert(*output);
    while (!open.empty()) {
      const std::size_t node = open.back();
      open.pop_back();
      for (const std::size_t tensor : read_by(graph_.nodes[node])) {
        if (inside_.count(tensor) > 0) continue;
        const auto& producer = graph_.tensors[tensor].producer;
        if (graph_.tensors[tensor].constant && producer) {
          if (nodes_.insert(*producer).second) open.push_back(*producer);
        } else {
          needed_.insert(tensor);
        }
      }
    }
  }

  void copy_head(std::size_t first, std::size_t last) {
    made_.set_ir_version(
        std::max<std::int64_t>(4, whole_.ir_version()));  // before 4 weights were inputs, too
    made_.set_producer_name("layerwatt");
    *made_.mutable_opset_import() = whole_.opset_import();
    *made_.mutable_functions() = whole_.functions();
    *made_.mutable_metadata_props() = whole_.metadata_props();
    const std::string& from = graph_.nodes[first].name;
    const std::string& to = graph_.nodes[last].name;
    mark(made_, part_key, first == last ? from : fmt::format("{} to {}", from, to));
    part().set_name(fmt::format("{}: {}", whole_.graph().name(), first == last ? from : from + " to " + to));
  }

  // Tensors from outside that are no constants: inputs, or values that are known without running the network.
  Result<void> add_inputs() {
    std::vector<std::size_t> inputs;
    for (const std::size_t i : needed_) {
      const Tensor& tensor = graph_.tensors[i];
      if (tensor.constant) continue;
      const bool is_input = std::find(graph_.inputs.begin(), graph_.inputs.end(), i) != graph_.inputs.end();
      if (tensor.integers && !is_input) {
        write_down(tensor);
        continue;
      }
      const bool known = tensor.shape && std::all_of(tensor.shape->begin(), tensor.shape->end(),
                                                     [](std::int64_t dimension) { return dimension >= 0; });
      if (!known || tensor.element_type == 0)
        return error(Errc::unsupported,
                     fmt::format("the part reads {}, whose {} is not known here", in_quotes(tensor.name),
                                 known ? "element type" : "shape"));
      inputs.push_back(i);
    }
    open_batch_ = !inputs.empty() && std::all_of(inputs.begin(), inputs.end(), [&](std::size_t i) {
      return grows_with_batch(*graph_.tensors[i].shape, doubled_.tensors[i].shape);
    });
    for (const std::size_t i : inputs) declare(*part().add_input(), graph_.tensors[i]);
    return {};
  }

  static bool grows_with_batch(const Shape& one, const std::optional<Shape>& two) {
    return two && !one.empty() && one.size() == two->size() && one.front() == 1 && two->front() == 2 &&
           std::equal(one.begin() + 1, one.end(), two->begin() + 1);
  }

  void write_down(const Tensor& tensor) {
    onnx::TensorProto& value = *part().add_initializer();
    value.set_name(tensor.name);
    value.set_data_type(tensor.element_type == onnx::TensorProto::INT32 ? onnx::TensorProto::INT32
                                                                        : onnx::TensorProto::INT64);
    if (!tensor.integers->scalar) value.add_dims(static_cast<std::int64_t>(tensor.integers->values.size()));
    for (const std::int64_t each : tensor.integers->values)
      if (value.data_type() == onnx::TensorProto::INT32)
        value.add_int32_data(static_cast<std::int32_t>(each));
      else
        value.add_int64_data(each);
    written_down_.push_back(tensor.name);
  }

  void declare(onnx::ValueInfoProto& value, const Tensor& tensor) const {
    value.set_name(tensor.name);
    auto& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(tensor.element_type);
    if (!tensor.shape) return;
    type.mutable_shape();
    for (std::size_t i = 0; i < tensor.shape->size(); ++i) {
      auto& dimension = *type.mutable_shape()->add_dim();
      if (i == 0 && open_batch_ && tensor.shape->front() == 1)
        dimension.set_dim_param("batch");
      else if ((*tensor.shape)[i] >= 0)
        dimension.set_dim_value((*tensor.shape)[i]);
    }
  }

  Result<void> add_initializers() {
    for (onnx::TensorProto& initializer : *whole_.mutable_graph()->mutable_initializer()) {
      const auto found = graph_.tensor_named.find(initializer.name());
      if (found == graph_.tensor_named.end() || needed_.count(found->second) == 0) continue;
      if (initializer.data_location() == onnx::TensorProto::EXTERNAL)
        return error(Errc::unsupported,
                     fmt::format("keeps {} in another file; write the network into one file first",
                                 in_quotes(initializer.name())));
      part().add_initializer()->Swap(&initializer);
    }
    for (onnx::SparseTensorProto& sparse : *whole_.mutable_graph()->mutable_sparse_initializer()) {
      const auto found = graph_.tensor_named.find(sparse.values().name());
      if (found != graph_.tensor_named.end() && needed_.count(found->second) > 0)
        part().add_sparse_initializer()->Swap(&sparse);
    }
    if (!written_down_.empty()) {
      std::vector<std::string> sentences = substitutions_of(made_);
      sentences.push_back(fmt::format("computed outside of this part, and constants in it: {}",
                                      fmt::join(written_down_, ", ")));
      mark_substitutions(made_, sentences);
    }
    return {};
  }

  // What the rest of the network reads, or nobody.
  void add_outputs(std::size_t first, std::size_t last) {
    std::unordered_set<std::size_t> read_inside, read_outside(graph_.outputs.begin(), graph_.outputs.end());
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      for (const std::size_t tensor : read_by(graph_.nodes[i]))
        (nodes_.count(i) > 0 ? read_inside : read_outside).insert(tensor);
    for (std::size_t i = first; i <= last; ++i)
      for (const auto& output : graph_.nodes[i].outputs)
        if (output && nodes_.count(i) > 0 &&
            (read_outside.count(*output) > 0 || read_inside.count(*output) == 0))
          declare(*part().add_output(), graph_.tensors[*output]);
  }

  const Graph& graph_;
  const Graph& doubled_;
  onnx::ModelProto& whole_;
  onnx::ModelProto made_;
  std::set<std::size_t> nodes_;   // in an order that can be run
  std::set<std::size_t> inside_;  // tensors that the part's layers make
  std::set<std::size_t> needed_;  // and those from outside
  std::vector<std::string> written_down_;
  bool open_batch_ = false;
};

}  // namespace

Result<onnx::ModelProto> part_of(const NetworkPart& part) {
  if (part.network.extension() == ".prototxt")
    return Error{Errc::unsupported, part.network.string(),
                 "is a Caffe net: `layerwatt model convert` writes it as ONNX, of which parts can be taken"};
  const auto graph = inferred_graph(part.network, 1), doubled = inferred_graph(part.network, 2);
  if (!graph) return graph.error();
  if (!doubled) return doubled.error();
  const auto first = layer_named(*graph, part.from), last = layer_named(*graph, part.to);
  if (!first) return first.error();
  if (!last) return last.error();
  if (*last < *first)
    return Error{Errc::unsupported, part.network.string(),
                 fmt::format("layer {} comes before {}", in_quotes(part.to), in_quotes(part.from))};
  auto whole = read_whole_model(part.network);
  if (!whole) return whole.error();
  if ((*whole)->graph().node_size() != graph->model->graph().node_size())
    return Error{Errc::malformed, part.network.string(), "changed while it was read"};
  return Extraction{*graph, *doubled, **whole}.take(*first, *last);
}

Result<std::vector<std::string>> extract_part(const NetworkPart& part, const std::filesystem::path& out) {
  const auto made = part_of(part);
  if (!made) return made.error();
  if (auto written = write_model(*made, out); !written) return written.error();
  return substitutions_of(*made);
}

}  // namespace layerwatt
