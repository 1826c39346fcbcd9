// SPDX-License-Identifier: Apache-2.0
// From an ONNX model in memory, with or without the numbers of its weights, to a Network: checks it, infers
// shapes, counts costs.
#pragma once
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "networks/network.h"

namespace layerwatt {

// `path` is for errors, and for the name of a network that has none. `missing`: sentences on what the file
// lacks.
Result<Network> describe_model(std::unique_ptr<onnx::ModelProto> model, const std::filesystem::path& path,
                               const ReadOptions& options, const std::vector<std::string>& missing = {});

}  // namespace layerwatt
