// SPDX-License-Identifier: Apache-2.0
// The networks of the two papers, layer by layer: structure and counts are published, times are ASSUMED,
// because the papers print theirs as pictures only. docs/reanalysis-holly2020.md says which number is which.
#pragma once
#include <string>
#include <vector>

#include "reanalysis/exponential_average.h"

namespace layerwatt::reanalysis {

enum class Kind { convolution, pointwise, depthwise, other };

struct NetworkLayer {
  std::string name;
  Kind kind = Kind::other;
  double macs = 0, bytes = 0;
  Moment duration{};
};

// MobileNetV2 at 224 x 224 as TensorRT runs it: batch norm and ReLU6 fused into the convolutions. Structure:
// Sandler et al. 2018, table 2. Times add up to `total`.
std::vector<NetworkLayer> mobilenet_v2(Moment total);

// SqueezeNet 1.0 at 224 x 224, fire modules as one piece each, as Rodrigues 2017 shows it. Structure: Iandola
// et al. 2016, table 1.
std::vector<NetworkLayer> squeezenet(Moment total);

}  // namespace layerwatt::reanalysis
