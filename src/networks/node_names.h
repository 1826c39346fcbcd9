// SPDX-License-Identifier: Apache-2.0
// Names of layers, unique within a network, and how errors speak of a node.
#pragma once
#include "networks/graph.h"

namespace layerwatt {

// Sets Node::name of every layer.
void name_layers(Graph& graph);

// node "conv1" ("Conv"); by its place in the file where it has no name.
std::string described_in_errors(const Node& node);

}  // namespace layerwatt
