// SPDX-License-Identifier: Apache-2.0
// Reads the saved model with libonnx and finds in it the nodes that a profiled run showed.
#include "engines/onnxruntime_graph.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string_view>

namespace layerwatt {

namespace {

constexpr std::string_view event_suffix = "_kernel_time";

// ONNX Runtime calls a node without a name "<operator>_<index>" in its events, in its own numbering.
bool is_unnamed(const std::string& name, const std::string& operation) {
  const std::string start = operation + "_";
  return name.starts_with(start) && name.size() > start.size() &&
         name.find_first_not_of("0123456789", start.size()) == std::string::npos;
}

}  // namespace

Result<std::vector<ExecutedNode>> read_optimised_graph(const std::filesystem::path& model) {
  onnx::ModelProto proto;
  std::ifstream file{model, std::ios::binary};
  if (!file || !proto.ParseFromIstream(&file))
    return Error{Errc::malformed, model.string(), "the engine's own optimised model cannot be read"};
  std::vector<ExecutedNode> nodes;
  for (const auto& node : proto.graph().node())
    nodes.push_back({node.name(),
                     node.op_type(),
                     node.domain(),
                     {node.input().begin(), node.input().end()},
                     {node.output().begin(), node.output().end()}});
  return nodes;
}

std::vector<ExecutedNode> join_observed(const std::vector<ObservedNode>& observed,
                                        const std::vector<ExecutedNode>& graph) {
  // Names need not be unique: of several, the first that is left.
  std::multimap<std::pair<std::string, std::string>, const ExecutedNode*> left;
  for (const auto& node : graph)
    left.insert({{is_unnamed(node.name, node.operation) ? "" : node.name, node.operation}, &node});
  std::vector<ExecutedNode> joined;
  for (const auto& [event, operation] : observed) {
    std::string name = event;
    if (name.ends_with(event_suffix)) name.resize(name.size() - event_suffix.size());
    const auto [first, last] = left.equal_range({is_unnamed(name, operation) ? "" : name, operation});
    if (first == last) {
      joined.push_back({name, operation, "", {}, {}});
      continue;
    }
    joined.push_back(*first->second);
    joined.back().name = name;
    left.erase(first);
  }
  return joined;
}

}  // namespace layerwatt
