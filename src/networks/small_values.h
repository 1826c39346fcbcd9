// SPDX-License-Identifier: Apache-2.0
// Works out small integer tensors without running the network: exporters compute the argument of a Reshape
// with chains of Shape, Gather, Concat and arithmetic, and once the batch is fixed all of it is known.
#pragma once
#include "networks/graph.h"

namespace layerwatt {

// Sets `integers` of the first output where it follows from the inputs; call it after the output's shape.
void propagate_small_values(Graph& graph, const Node& node);

}  // namespace layerwatt
