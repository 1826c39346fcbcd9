// SPDX-License-Identifier: Apache-2.0
// See zoo_networks.h. Structures: torchvision/models/{squeezenet,mobilenetv2,resnet}.py; LeCun et al. 1998,
// "Gradient-Based Learning Applied to Document Recognition", figure 2; Howard et al. 2017, "MobileNets",
// https://arxiv.org/abs/1704.04861, table 1. Names of SqueezeNet's layers are those
// of its Caffe model, github.com/forresti/SqueezeNet; dropout does nothing at inference and is left out.
#include "networks/zoo_networks.h"

#include <array>
#include <string>

#include "networks/onnx_builder.h"

namespace layerwatt {

namespace {

Activation fire(OnnxBuilder& build, const std::string& name, const Activation& x, std::int64_t squeeze,
                std::int64_t expand) {
  const auto convolved = [&](const std::string& part, const Activation& from, std::int64_t channels,
                             std::int64_t kernel) {
    const std::string layer = name + "/" + part;
    const ConvolutionSettings settings{kernel, 1, kernel / 2, 1, true, true};
    return build.relu(layer + "_relu", build.convolution(layer, from, channels, settings));
  };
  const Activation squeezed = convolved("squeeze1x1", x, squeeze, 1);
  const Activation narrow = convolved("expand1x1", squeezed, expand, 1);
  const Activation wide = convolved("expand3x3", squeezed, expand, 3);
  return build.concat(name + "/concat", {narrow, wide});
}

// Convolution without bias, batch normalisation, and a ReLU6 if asked for.
Activation normalised(OnnxBuilder& build, const std::string& name, const Activation& x, std::int64_t channels,
                      ConvolutionSettings settings, bool activated) {
  settings.before_relu = activated;
  const Activation convolved = build.convolution(name, x, channels, settings);
  const Activation normal = build.batch_normalization(name + "_norm", convolved);
  return activated ? build.relu6(name + "_relu6", normal) : normal;
}

Activation inverted_residual(OnnxBuilder& build, const std::string& name, const Activation& x,
                             std::int64_t channels, std::int64_t stride, std::int64_t expansion) {
  const std::int64_t hidden = x.channels * expansion;
  Activation y = x;
  if (expansion != 1) y = normalised(build, name + ".expand", y, hidden, {1, 1, 0, 1}, true);
  y = normalised(build, name + ".depthwise", y, hidden, {3, stride, 1, hidden}, true);
  y = normalised(build, name + ".project", y, channels, {1, 1, 0, 1}, false);
  return stride == 1 && x.channels == channels ? build.add(name + ".add", x, y) : y;
}

Activation basic_block(OnnxBuilder& build, const std::string& name, const Activation& x,
                       std::int64_t channels, std::int64_t stride) {
  Activation y = build.convolution(name + ".conv1", x, channels, {3, stride, 1, 1});
  y = build.relu(name + ".relu1", build.batch_normalization(name + ".bn1", y));
  y = build.convolution(name + ".conv2", y, channels, {3, 1, 1, 1, false, false});
  y = build.batch_normalization(name + ".bn2", y);
  Activation shortcut = x;
  if (stride != 1 || x.channels != channels) {
    shortcut = build.convolution(name + ".downsample.0", x, channels, {1, stride, 0, 1, false, false});
    shortcut = build.batch_normalization(name + ".downsample.1", shortcut);
  }
  return build.relu(name + ".relu2", build.add(name + ".add", y, shortcut));
}

// torchvision's: the stride is of the 3x3 convolution.
Activation bottleneck(OnnxBuilder& build, const std::string& name, const Activation& x, std::int64_t width,
                      std::int64_t stride) {
  const std::int64_t channels = 4 * width;
  Activation y = build.convolution(name + ".conv1", x, width, {1, 1, 0, 1});
  y = build.relu(name + ".relu1", build.batch_normalization(name + ".bn1", y));
  y = build.convolution(name + ".conv2", y, width, {3, stride, 1, 1});
  y = build.relu(name + ".relu2", build.batch_normalization(name + ".bn2", y));
  y = build.convolution(name + ".conv3", y, channels, {1, 1, 0, 1, false, false});
  y = build.batch_normalization(name + ".bn3", y);
  Activation shortcut = x;
  if (stride != 1 || x.channels != channels) {
    shortcut = build.convolution(name + ".downsample.0", x, channels, {1, stride, 0, 1, false, false});
    shortcut = build.batch_normalization(name + ".downsample.1", shortcut);
  }
  return build.relu(name + ".relu3", build.add(name + ".add", y, shortcut));
}

}  // namespace

onnx::ModelProto squeezenet_1_0(std::uint64_t seed) {
  OnnxBuilder build{"squeezenet1.0", seed};
  const PoolSettings pool{3, 2, 0, true};
  Activation x = build.input("input", 3, 224);
  x = build.relu("conv1_relu", build.convolution("conv1", x, 96, {7, 2, 0, 1, true}));
  x = build.max_pool("pool1", x, pool);
  x = fire(build, "fire2", x, 16, 64);
  x = fire(build, "fire3", x, 16, 64);
  x = fire(build, "fire4", x, 32, 128);
  x = build.max_pool("pool4", x, pool);
  x = fire(build, "fire5", x, 32, 128);
  x = fire(build, "fire6", x, 48, 192);
  x = fire(build, "fire7", x, 48, 192);
  x = fire(build, "fire8", x, 64, 256);
  x = build.max_pool("pool8", x, pool);
  x = fire(build, "fire9", x, 64, 256);
  x = build.relu("conv10_relu", build.convolution("conv10", x, 1000, {1, 1, 0, 1, true}));
  x = build.flatten("flatten", build.global_average_pool("pool10", x));
  return std::move(build).finish(x);
}

onnx::ModelProto squeezenet_1_1(std::uint64_t seed) {
  OnnxBuilder build{"squeezenet1.1", seed};
  const PoolSettings pool{3, 2, 0, true};
  Activation x = build.input("input", 3, 224);
  x = build.relu("conv1_relu", build.convolution("conv1", x, 64, {3, 2, 0, 1, true}));
  x = build.max_pool("pool1", x, pool);
  x = fire(build, "fire2", x, 16, 64);
  x = fire(build, "fire3", x, 16, 64);
  x = build.max_pool("pool3", x, pool);
  x = fire(build, "fire4", x, 32, 128);
  x = fire(build, "fire5", x, 32, 128);
  x = build.max_pool("pool5", x, pool);
  x = fire(build, "fire6", x, 48, 192);
  x = fire(build, "fire7", x, 48, 192);
  x = fire(build, "fire8", x, 64, 256);
  x = fire(build, "fire9", x, 64, 256);
  x = build.relu("conv10_relu", build.convolution("conv10", x, 1000, {1, 1, 0, 1, true}));
  x = build.flatten("flatten", build.global_average_pool("pool10", x));
  return std::move(build).finish(x);
}

onnx::ModelProto mobilenet_v1(std::uint64_t seed) {
  struct Block {
    std::int64_t channels, stride;
  };
  constexpr Block blocks[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                              {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
  OnnxBuilder build{"mobilenet_v1", seed};
  const auto activated = [&](const std::string& name, const Activation& from, std::int64_t channels,
                             const ConvolutionSettings& settings) {
    const Activation convolved = build.convolution(name, from, channels, settings);
    return build.relu(name + "_relu", build.batch_normalization(name + "_norm", convolved));
  };
  Activation x = activated("conv1", build.input("input", 3, 224), 32, {3, 2, 1, 1});
  int number = 0;
  for (const Block& block : blocks) {
    const std::string name = "block" + std::to_string(++number);
    x = activated(name + ".depthwise", x, x.channels, {3, block.stride, 1, x.channels});
    x = activated(name + ".pointwise", x, block.channels, {1, 1, 0, 1});
  }
  x = build.flatten("flatten", build.global_average_pool("avgpool", x));
  x = build.linear("classifier", x, 1000);
  return std::move(build).finish(x);
}

onnx::ModelProto mobilenet_v2(std::uint64_t seed) {
  struct Stage {
    std::int64_t expansion, channels, blocks, stride;
  };
  constexpr Stage stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                              {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  OnnxBuilder build{"mobilenet_v2", seed};
  Activation x = normalised(build, "stem.conv", build.input("input", 3, 224), 32, {3, 2, 1, 1}, true);
  int number = 0;
  for (const Stage& stage : stages)
    for (std::int64_t i = 0; i < stage.blocks; ++i)
      x = inverted_residual(build, "block" + std::to_string(++number), x, stage.channels,
                            i == 0 ? stage.stride : 1, stage.expansion);
  x = normalised(build, "head.conv", x, 1280, {1, 1, 0, 1}, true);
  x = build.flatten("flatten", build.global_average_pool("avgpool", x));
  x = build.linear("classifier", x, 1000);
  return std::move(build).finish(x);
}

namespace {

using ResidualBlock = Activation (*)(OnnxBuilder&, const std::string&, const Activation&, std::int64_t,
                                     std::int64_t);

onnx::ModelProto residual_network(const std::string& title, std::uint64_t seed, ResidualBlock block,
                                  const std::array<std::int64_t, 4>& blocks) {
  OnnxBuilder build{title, seed};
  Activation x = build.convolution("conv1", build.input("input", 3, 224), 64, {7, 2, 3, 1});
  x = build.relu("relu", build.batch_normalization("bn1", x));
  x = build.max_pool("maxpool", x, {3, 2, 1, false});
  for (std::size_t layer = 0; layer < blocks.size(); ++layer)
    for (std::int64_t i = 0; i < blocks[layer]; ++i)
      x = block(build, "layer" + std::to_string(layer + 1) + "." + std::to_string(i), x,
                std::int64_t{64} << layer, layer > 0 && i == 0 ? 2 : 1);
  x = build.flatten("flatten", build.global_average_pool("avgpool", x));
  x = build.linear("fc", x, 1000);
  return std::move(build).finish(x);
}

}  // namespace

onnx::ModelProto resnet18(std::uint64_t seed) {
  return residual_network("resnet18", seed, basic_block, {2, 2, 2, 2});
}

onnx::ModelProto resnet50(std::uint64_t seed) {
  return residual_network("resnet50", seed, bottleneck, {3, 4, 6, 3});
}

onnx::ModelProto lenet5(std::uint64_t seed) {
  OnnxBuilder build{"lenet5", seed};
  const ConvolutionSettings settings{5, 1, 0, 1, true, false};
  Activation x = build.input("input", 1, 32);
  x = build.tanh("c1_tanh", build.convolution("c1", x, 6, settings));
  x = build.average_pool("s2", x, {});
  x = build.tanh("c3_tanh", build.convolution("c3", x, 16, settings));
  x = build.average_pool("s4", x, {});
  x = build.tanh("c5_tanh", build.convolution("c5", x, 120, settings));
  x = build.flatten("flatten", x);
  x = build.tanh("f6_tanh", build.linear("f6", x, 84));
  x = build.linear("output", x, 10);
  return std::move(build).finish(x);
}

}  // namespace layerwatt
