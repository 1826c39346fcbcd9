// SPDX-License-Identifier: Apache-2.0
// The structure of the zoo's networks. Layer for layer those of torchvision (MobileNet v1: of its paper,
// table 1), so that counts equal the published ones; names in each network's own terms.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>

namespace layerwatt {

onnx::ModelProto squeezenet_1_1(std::uint64_t seed);
onnx::ModelProto squeezenet_1_0(std::uint64_t seed);
onnx::ModelProto mobilenet_v1(std::uint64_t seed);
onnx::ModelProto mobilenet_v2(std::uint64_t seed);
onnx::ModelProto resnet18(std::uint64_t seed);
onnx::ModelProto resnet50(std::uint64_t seed);
onnx::ModelProto lenet5(std::uint64_t seed);
// Trained, by tools/train_shapes: no seed decides its weights.
onnx::ModelProto shapes(std::uint64_t seed);

}  // namespace layerwatt
