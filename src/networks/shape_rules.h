// SPDX-License-Identifier: Apache-2.0
// Shapes of operators that libonnx 1.12 does not know, knows in an older meaning, or handles unsafely when a
// file is hostile: Reshape, the Reduce family and Split of opset 18, and operators that keep their input's
// shape.
#pragma once
#include "core/result.h"
#include "networks/graph.h"

namespace layerwatt {

// Sets type and shape of an output, if the node has that output.
void set_output(Graph& graph, const Node& node, std::size_t output, int element_type,
                std::optional<Shape> shape);

// Nothing when there is no rule of our own for the operator. unsupported: why its shape is not known.
std::optional<Result<void>> infer_by_rule(Graph& graph, const Node& node);

// Why libonnx must not be asked: it would read the node in the meaning of an older opset.
std::optional<std::string> changed_since_libonnx(const Graph& graph, const Node& node);

// Element-wise and data-moving operators of the standard domain that came after libonnx 1.12.
bool is_newer_operator(const std::string& name);
// ONNX Runtime's own activations and normalisations, which keep their input's shape.
bool is_activation(const std::string& name);

}  // namespace layerwatt
