// SPDX-License-Identifier: Apache-2.0
// An ONNX file as protobuf's message: without its weights, as a description needs it, or whole, to take a
// part out.
#pragma once
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <memory>

#include "core/result.h"

namespace layerwatt {

// malformed: not ONNX, damaged, truncated, nested too deeply.
Result<std::unique_ptr<onnx::ModelProto>> read_model_without_weights(const std::filesystem::path& path);
// The same file with its weights; the nodes are the same, in the same order.
Result<std::unique_ptr<onnx::ModelProto>> read_whole_model(const std::filesystem::path& path);

}  // namespace layerwatt
