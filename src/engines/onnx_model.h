// SPDX-License-Identifier: Apache-2.0
// An ONNX file with its weights, for engines that run networks layer by layer: the node that makes a tensor,
// and constants as numbers. Only for files that read_onnx has taken; what it checked is not checked again.
#pragma once
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"

namespace layerwatt {

class OnnxModel {
 public:
  // unsupported: weights in files of their own.
  static Result<OnnxModel> open(const std::filesystem::path& path);

  // Null when no node makes it.
  [[nodiscard]] const onnx::NodeProto* maker_of(const std::string& tensor) const;
  [[nodiscard]] bool is_constant(const std::string& tensor) const { return constants_.count(tensor) != 0; }
  [[nodiscard]] Shape shape_of(const std::string& constant) const;
  // unsupported: elements of another type than float32. Precondition: is_constant().
  [[nodiscard]] Result<std::vector<float>> floats(const std::string& constant) const;
  [[nodiscard]] std::int64_t opset() const { return opset_; }

 private:
  std::unique_ptr<onnx::ModelProto> model_;
  std::unordered_map<std::string, const onnx::NodeProto*> makers_;
  std::unordered_map<std::string, const onnx::TensorProto*> constants_;
  std::int64_t opset_ = 1;
};

}  // namespace layerwatt
