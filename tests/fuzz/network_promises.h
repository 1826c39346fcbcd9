// SPDX-License-Identifier: Apache-2.0
// What networks/network.h promises of a network that was described, whatever the file.
#pragma once
#include "fuzz_target.h"
#include "networks/network.h"

namespace layerwatt {

inline void require_promises(const Network& network) {
  require(!network.layers.empty(), "a network has layers");
  require(network.produced.size() == network.layers.size(), "one list of outputs a layer");
  require(network.consumed.size() == network.layers.size(), "one list of inputs a layer");
  for (const Layer& layer : network.layers) {
    require(!layer.name.empty() && layer.sources.size() == 1, "a layer has a name and is its own source");
    require(layer.macs.value_or(0) >= 0, "MACs are not negative");
    require(layer.parameters.value_or(0) >= 0, "parameters are not negative");
    require(layer.bytes.value_or(0) >= 0, "bytes are not negative");
    for (const auto* list : {&layer.inputs, &layer.outputs})
      for (const Shape& shape : *list)
        for (const std::int64_t dimension : shape) require(dimension >= -1, "a dimension is at least -1");
  }
}

}  // namespace layerwatt
