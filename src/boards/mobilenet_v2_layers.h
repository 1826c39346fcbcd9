// SPDX-License-Identifier: Apache-2.0
// For tests: MobileNetV2 at 224 x 224 as an ONNX file has it, batch norms folded, one node each for
// convolution, ReLU6 and addition: 99 nodes, 300.8 M MAC. Source: Sandler et al. 2018, table 2.
#pragma once
#include <string>
#include <vector>

#include "core/vocabulary.h"

namespace layerwatt {

class MobileNetV2 {
 public:
  std::vector<Layer> layers() {
    convolution(32, 3, 2, 1, true);
    constexpr int table[7][4] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                 {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    for (const auto& [expansion, outputs, repeats, stride] : table)
      for (int i = 0; i < repeats; ++i) bottleneck(expansion, outputs, i == 0 ? stride : 1);
    convolution(1280, 1, 1, 1, true);
    add("GlobalAveragePool", 0, channels_ * (size_ * size_ + 1));
    add("Gemm", 1000 * channels_, 1000 * channels_ + 1000 + channels_ + 1000);
    return std::move(layers_);
  }

 private:
  void add(const std::string& type, std::int64_t macs, std::int64_t elements) {
    Layer layer;
    layer.name = type + std::to_string(layers_.size());
    layer.type = type;
    layer.macs = macs;
    layer.bytes = 4 * elements;
    layers_.push_back(std::move(layer));
  }

  void convolution(std::int64_t outputs, std::int64_t kernel, std::int64_t stride, std::int64_t groups,
                   bool relu) {
    const std::int64_t out = size_ / stride, made = out * out * outputs;
    const std::int64_t weights = outputs * (channels_ / groups) * kernel * kernel;
    add("Conv", out * out * weights, size_ * size_ * channels_ + made + weights + outputs);
    if (relu) add("Clip", 0, 2 * made);
    size_ = out;
    channels_ = outputs;
  }

  void bottleneck(std::int64_t expansion, std::int64_t outputs, std::int64_t stride) {
    const std::int64_t inputs = channels_, wide = channels_ * expansion;
    if (expansion > 1) convolution(wide, 1, 1, 1, true);
    convolution(wide, 3, stride, wide, true);
    convolution(outputs, 1, 1, 1, false);
    if (stride == 1 && inputs == outputs) add("Add", 0, 3 * outputs * size_ * size_);
  }

  std::vector<Layer> layers_;
  std::int64_t size_ = 224, channels_ = 3;
};

inline std::vector<Layer> mobilenet_v2_layers() { return MobileNetV2{}.layers(); }

}  // namespace layerwatt
