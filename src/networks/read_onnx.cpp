// SPDX-License-Identifier: Apache-2.0
// From an ONNX file to a Network: reads the file without its weights, and looks where they are.
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <onnx/onnx_pb.h>

#include <cerrno>
#include <fstream>

#include "networks/describe_model.h"
#include "networks/external_data.h"
#include "networks/model_file.h"
#include "networks/network.h"
#include "networks/onnx_file.h"
#include "networks/wire_skeleton.h"

namespace layerwatt {

namespace {

Error not_onnx(const std::filesystem::path& path, const char* why) {
  return Error{Errc::malformed, path.string(), why};
}

}  // namespace

Result<std::unique_ptr<onnx::ModelProto>> read_model_without_weights(const std::filesystem::path& path) {
  auto file = ModelFile::open(path);
  if (!file) return file.error();
  const auto skeleton = read_wire_skeleton(*file);
  if (!skeleton) return skeleton.error();
  auto model = std::make_unique<onnx::ModelProto>();
  if (!model->ParseFromArray(skeleton->data(), static_cast<int>(skeleton->size())))
    return not_onnx(path, "is not an ONNX model: protobuf finds it damaged, or nested too deeply");
  if (!model->has_ir_version() || !model->has_graph())
    return not_onnx(path, "is not an ONNX model: it has no version or no graph");
  return model;
}

Result<std::unique_ptr<onnx::ModelProto>> read_whole_model(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return system_error(errno, path.string(), "opening the model");
  google::protobuf::io::IstreamInputStream stream{&file};
  auto model = std::make_unique<onnx::ModelProto>();
  if (!model->ParseFromZeroCopyStream(&stream))
    return not_onnx(path, "is not an ONNX model: protobuf finds it damaged, or nested too deeply");
  return model;
}

Result<Network> read_onnx(const std::filesystem::path& path, const ReadOptions& options) {
  auto model = read_model_without_weights(path);
  if (!model) return model.error();
  const auto missing = check_external_data(**model, path.string());
  if (!missing) return missing.error();
  return describe_model(std::move(*model), path, options, *missing);
}

}  // namespace layerwatt
