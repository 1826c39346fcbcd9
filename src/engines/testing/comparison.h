// SPDX-License-Identifier: Apache-2.0
// For tests: how far outputs of one network, computed in two ways, may be apart.
#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

#include "networks/network.h"

namespace layerwatt::testing {

// The same products, summed in other orders. In float32, with unit roundoff u = 2^-24, rounding moves a sum
// of n terms of random sign by at most about sqrt(n) u of its own size, in whichever order; two orders differ
// by twice that. Layers with random weights hand relative errors on unchanged and add theirs, so the outputs
// differ by at most the sum of 2 sqrt(n) u over the layers that sum, in the Euclidean norm.
inline double rounding_of(const Network& network) {
  double sum = 0;
  for (const Layer& layer : network.layers) {
    if (layer.macs.value_or(0) == 0 || layer.outputs.empty()) continue;
    double elements = 1;
    for (const std::int64_t extent : layer.outputs.front()) elements *= static_cast<double>(extent);
    sum += 2 * std::sqrt(static_cast<double>(*layer.macs) / elements) * std::ldexp(1.0, -24);
  }
  return sum;
}

// Of a from b, relative, in the Euclidean norm.
inline double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(double{a[i]} - double{b[i]}, 2);
    size += std::pow(double{b[i]}, 2);
  }
  return std::sqrt(difference / size);
}

}  // namespace layerwatt::testing
