// SPDX-License-Identifier: Apache-2.0
// Writes networks down layer by layer as ONNX (opset 13, IR version 7), with random weights. Tensors are
// named after the layer that makes them, parameters "<layer>.weight" as in PyTorch.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "networks/weights.h"

namespace layerwatt {

struct ConvolutionSettings {
  std::int64_t kernel = 1, stride = 1, pad = 0, groups = 1;
  bool bias = false;
  bool before_relu = true;                             // decides the variance of the weights
  std::optional<std::int64_t> pad_end = std::nullopt;  // at the right and the bottom; otherwise as `pad`
};

struct PoolSettings {
  std::int64_t kernel = 2, stride = 2, pad = 0;
  bool ceil = false;
};

// An activation while a network is written down.
struct Activation {
  std::string name;
  std::int64_t channels = 0;
};

class OnnxBuilder {
 public:
  OnnxBuilder(const std::string& name, std::uint64_t seed);

  // Square pictures; the batch is left open.
  Activation input(const std::string& name, std::int64_t channels, std::int64_t extent);
  Activation convolution(const std::string& name, const Activation& x, std::int64_t channels,
                         const ConvolutionSettings& settings);
  Activation batch_normalization(const std::string& name, const Activation& x);
  Activation relu(const std::string& name, const Activation& x);
  Activation relu6(const std::string& name, const Activation& x);
  Activation tanh(const std::string& name, const Activation& x);
  Activation max_pool(const std::string& name, const Activation& x, const PoolSettings& settings);
  Activation average_pool(const std::string& name, const Activation& x, const PoolSettings& settings);
  Activation global_average_pool(const std::string& name, const Activation& x);
  Activation flatten(const std::string& name, const Activation& x);
  Activation linear(const std::string& name, const Activation& x, std::int64_t features);
  Activation add(const std::string& name, const Activation& a, const Activation& b);
  Activation concat(const std::string& name, const std::vector<Activation>& parts);

  // `output` has the shape [batch, channels].
  onnx::ModelProto finish(const Activation& output) &&;
  // `output` is a picture.
  onnx::ModelProto finish(const Activation& output, std::int64_t extent) &&;

 private:
  onnx::NodeProto& node(const std::string& type, const std::string& name,
                        const std::vector<std::string>& inputs);
  Activation unary(const std::string& type, const std::string& name, const Activation& x);
  Activation pool(const std::string& type, const std::string& name, const Activation& x,
                  const PoolSettings& settings);
  std::string parameter(const std::string& name, const std::vector<std::int64_t>& shape, std::string bytes);
  std::string constant(const std::string& name, const std::vector<std::int64_t>& shape, float value);

  onnx::ModelProto model_;
  onnx::GraphProto& graph_;
  RandomWeights weights_;
};

// Whole or not at all: into a temporary file beside `path`, then renamed. Replaces a regular file; refuses to
// replace anything else.
Result<void> write_model(const onnx::ModelProto& model, const std::filesystem::path& path);

}  // namespace layerwatt
