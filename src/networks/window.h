// SPDX-License-Identifier: Apache-2.0
// Operators that slide a window over space: convolutions and pools. Their kernel, stride and groups, and the
// shape they make. Written out here rather than left to libonnx because they are what a network of pictures
// consists of, and because libonnx divides by a stride of zero.
#pragma once
#include "core/result.h"
#include "networks/graph.h"

namespace layerwatt {

enum class WindowKind { convolution, transposed_convolution, pool, global_pool };

struct WindowOperator {
  WindowKind kind = WindowKind::pool;
  std::size_t weight_input = 0;  // of a convolution
  std::size_t bias_input = 0;
};

// Nothing when the node is no such operator.
std::optional<WindowOperator> window_operator(const onnx::NodeProto& node);

struct Window {
  Shape kernel, stride, dilation;  // spatial
  std::int64_t groups = 1;
};
// unsupported: the kernel is not known. malformed: a stride, dilation, kernel or group that is not positive.
Result<Window> window_of(const Graph& graph, const Node& node, const WindowOperator& what);

// Sets the type and shape of the outputs. Errors as above, and unsupported where shapes contradict.
Result<void> infer_window(Graph& graph, const Node& node, const WindowOperator& what);

}  // namespace layerwatt
