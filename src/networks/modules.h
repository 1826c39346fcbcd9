// SPDX-License-Identifier: Apache-2.0
// Which module of the network a layer belongs to ("fire3", "layer2.0"): from the layers' names, else from the
// names of their parameters, else from where the graph branches and joins.
#pragma once
#include <string>
#include <vector>

#include "networks/graph.h"

namespace layerwatt {

// One for each node, in the order of Graph::nodes; empty where nothing tells.
std::vector<std::string> modules_of(const Graph& graph);

}  // namespace layerwatt
