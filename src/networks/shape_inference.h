// SPDX-License-Identifier: Apache-2.0
// Walks the graph once and gives every tensor the type and shape that can be worked out: by our own rules,
// by libonnx, and where neither can, by what the file itself declares.
#pragma once
#include "core/result.h"
#include "networks/graph.h"
#include "networks/not_inferred.h"

namespace layerwatt {

// malformed: a shape no machine can hold, or a stride, kernel or group that is not positive.
Result<void> infer_shapes(Graph& graph, NotInferred& not_inferred);

}  // namespace layerwatt
