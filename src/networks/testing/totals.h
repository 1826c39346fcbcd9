// SPDX-License-Identifier: Apache-2.0
// For tests: what all layers of a network come to. Each must know its own.
#pragma once
#include "networks/network.h"

namespace layerwatt {

inline std::int64_t macs(const Network& network) {
  std::int64_t total = 0;
  for (const Layer& layer : network.layers) total += layer.macs.value();
  return total;
}

inline std::int64_t parameters(const Network& network) {
  std::int64_t total = 0;
  for (const Layer& layer : network.layers) total += layer.parameters.value();
  return total;
}

}  // namespace layerwatt
