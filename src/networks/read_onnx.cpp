// SPDX-License-Identifier: Apache-2.0
// From an ONNX file to a Network: reads the file without its weights, and looks where they are.
#include <onnx/onnx_pb.h>

#include "networks/describe_model.h"
#include "networks/external_data.h"
#include "networks/model_file.h"
#include "networks/network.h"
#include "networks/wire_skeleton.h"

namespace layerwatt {

namespace {

Result<std::unique_ptr<onnx::ModelProto>> read_model(const std::filesystem::path& path) {
  auto file = ModelFile::open(path);
  if (!file) return file.error();
  const auto skeleton = read_wire_skeleton(*file);
  if (!skeleton) return skeleton.error();
  auto model = std::make_unique<onnx::ModelProto>();
  const auto malformed = [&](const char* why) { return Error{Errc::malformed, path.string(), why}; };
  if (!model->ParseFromArray(skeleton->data(), static_cast<int>(skeleton->size())))
    return malformed("is not an ONNX model: protobuf finds it damaged, or nested too deeply");
  if (!model->has_ir_version() || !model->has_graph())
    return malformed("is not an ONNX model: it has no version or no graph");
  return model;
}

}  // namespace

Result<Network> read_onnx(const std::filesystem::path& path, const ReadOptions& options) {
  auto model = read_model(path);
  if (!model) return model.error();
  const auto missing = check_external_data(**model, path.string());
  if (!missing) return missing.error();
  return describe_model(std::move(*model), path, options, *missing);
}

}  // namespace layerwatt
