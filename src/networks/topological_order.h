// SPDX-License-Identifier: Apache-2.0
// An order in which every node comes after those it reads from.
#pragma once
#include <vector>

#include "core/result.h"
#include "networks/graph.h"

namespace layerwatt {

// Indices into Graph::nodes; of the nodes that are ready the first in the file goes first. malformed: the
// graph is cyclic; the message names nodes of the cycle. Tensor::producer and the inputs must be set.
Result<std::vector<std::size_t>> topological_order(const Graph& graph);

}  // namespace layerwatt
