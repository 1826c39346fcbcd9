// SPDX-License-Identifier: Apache-2.0
// Asks libonnx for the output types of one node. One node at a time rather than the whole model, because a
// single operator or opset it does not know makes libonnx refuse everything.
#pragma once
#include "core/result.h"
#include "networks/graph.h"

namespace layerwatt {

// True when libonnx has the operator in this domain.
bool is_known_to_libonnx(const Graph& graph, const Node& node);

// Sets what libonnx finds. unsupported: why it found nothing.
Result<void> infer_with_libonnx(Graph& graph, const Node& node);

}  // namespace layerwatt
