// SPDX-License-Identifier: Apache-2.0
// The graph that ONNX Runtime executes, read from the model it saves after optimising.
#pragma once
#include <filesystem>

#include "core/result.h"
#include "engines/fusion_map.h"

namespace layerwatt {

// Nodes of the main graph in the order of the file. Weights may lie in another file, which is not looked at.
Result<std::vector<ExecutedNode>> read_optimised_graph(const std::filesystem::path& model);

// What a profiled run showed: name as in the event, "conv1_kernel_time".
struct ObservedNode {
  std::string name, operation;
};

// The executed nodes in order of execution: what was observed, with the tensors the graph knows for it.
std::vector<ExecutedNode> join_observed(const std::vector<ObservedNode>& observed,
                                        const std::vector<ExecutedNode>& graph);

}  // namespace layerwatt
