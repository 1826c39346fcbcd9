// SPDX-License-Identifier: Apache-2.0
// An ONNX graph made walkable: tensors and nodes by number, nodes in topological order, constants told from
// activations. What is impossible (cycles, tensors nobody makes or two make, claims without data) is refused
// here, so that everything after can rely on it.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"

namespace layerwatt {

// Integers known without running the network: shapes, axes, indices.
struct SmallIntegers {
  std::vector<std::int64_t> values;
  bool scalar = false;  // rank 0, else rank 1
};

struct Tensor {
  std::string name;
  int element_type = 0;                     // TensorProto.DataType; 0 = not known
  std::optional<Shape> shape;               // nothing = not even the rank is known; -1 = dimension not known
  bool constant = false;                    // an initializer, a Constant, or an Identity of one
  const onnx::TensorProto* data = nullptr;  // of a small constant, whole
  std::optional<SmallIntegers> integers;
  std::optional<std::size_t> producer;  // index into Graph::nodes
};

struct Node {
  const onnx::NodeProto* source = nullptr;
  std::size_t file_index = 0;
  std::string name;                                // unique; "<Type>_<file index>" where the file has none
  std::vector<std::optional<std::size_t>> inputs;  // into Graph::tensors; nothing = an optional one left out
  std::vector<std::optional<std::size_t>> outputs;
  std::vector<std::size_t> captured;  // tensors that the node's subgraphs read from outside
  bool is_layer = true;               // Constants, and Identities of constants, are none
};

struct Graph {
  std::unique_ptr<const onnx::ModelProto> model;
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;  // each after those it reads from; else in the file's order
  std::vector<std::size_t> inputs, outputs;
  std::unordered_map<std::string, std::size_t> tensor_named;
  std::map<std::string, std::int64_t> opsets;  // by domain, the standard one as ""
  std::set<std::string> local_functions;       // operators the file itself defines
  std::int64_t batch = 1;
  std::set<std::string> batch_symbols;  // names the file gives to the dimension that `batch` fills
  std::string path;                     // for errors
};

// What the node reads as input number `input`; null when it has none there.
inline const Tensor* input_of(const Graph& graph, const Node& node, std::size_t input) {
  if (input >= node.inputs.size() || !node.inputs[input]) return nullptr;
  return &graph.tensors[*node.inputs[input]];
}

// Why a shape stays unknown; whoever knows the node's name fills in where.
inline Error not_inferable(const std::string& detail) { return Error{Errc::unsupported, "", detail}; }

Result<Graph> build_graph(std::unique_ptr<onnx::ModelProto> model, const std::string& path,
                          std::int64_t batch);

// Element type and shape of a declared type, the batch filled in; nothing when it is not a tensor.
struct DeclaredType {
  int element_type = 0;
  std::optional<Shape> shape;
};
std::optional<DeclaredType> declared_type(const onnx::TypeProto& type, const Graph& graph);

}  // namespace layerwatt
