// SPDX-License-Identifier: Apache-2.0
// From the nodes an engine executes back to the layers of the network: which layers each node performs, and
// which layers nothing performs any more. Pure; follows names of nodes and tensors, knows no engine's API.
#pragma once
#include <string>
#include <vector>

#include "engines/tensor_index.h"
#include "networks/network.h"

namespace layerwatt {

// A node as the engine executes it, after its optimisers.
struct ExecutedNode {
  std::string name;
  std::string operation;  // "FusedConv"
  std::string domain;     // "com.microsoft.nchwc"; empty = the operators of ONNX
  // Names of tensors, initializers among the inputs. Both empty: the engine did not tell.
  std::vector<std::string> inputs, outputs;
};

struct FusionMap {
  std::vector<Layer> layers;         // one for each executed node, in the same order
  std::vector<std::string> removed;  // layers that no node performs: constants, dropouts, identities
};

// Every layer of the network comes back exactly once: as a source of one executed layer, or as removed.
FusionMap map_fusion(const Network& network, const std::vector<ExecutedNode>& nodes);

// The row of a node that performs `sources` (indices into network.layers, ascending, not empty): names joined
// by " + ", MACs and parameters summed, bytes without the tensors that never leave the node.
Layer fused_layer(const Network& network, const TensorIndex& tensors,
                  const std::vector<std::size_t>& sources);

}  // namespace layerwatt
