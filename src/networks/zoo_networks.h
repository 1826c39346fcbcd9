// SPDX-License-Identifier: Apache-2.0
// The structure of the zoo's networks. Layer for layer those of torchvision, so that counts equal its tables;
// names in each network's own terms.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>

namespace layerwatt {

onnx::ModelProto squeezenet_1_1(std::uint64_t seed);
onnx::ModelProto mobilenet_v2(std::uint64_t seed);
onnx::ModelProto resnet18(std::uint64_t seed);
onnx::ModelProto lenet5(std::uint64_t seed);

}  // namespace layerwatt
