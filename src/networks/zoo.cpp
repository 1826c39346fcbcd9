// SPDX-License-Identifier: Apache-2.0
// The table of networks that layerwatt can write, with the figures their structure is tested against.
#include <array>

#include "networks/network.h"
#include "networks/onnx_builder.h"
#include "networks/zoo_networks.h"

namespace layerwatt {

namespace {

struct ZooNetwork {
  const char* name;
  onnx::ModelProto (*build)(std::uint64_t seed);
};

constexpr std::array networks{
    ZooNetwork{"squeezenet1.1", squeezenet_1_1},
    ZooNetwork{"mobilenet_v2", mobilenet_v2},
    ZooNetwork{"resnet18", resnet18},
    ZooNetwork{"lenet5", lenet5},
};

}  // namespace

const std::vector<ZooEntry>& zoo() {
  static const std::vector<ZooEntry> entries{
      {"squeezenet1.1", "fire modules of 1x1 and 3x3 convolutions, 224x224 pictures", 1'235'496, 349'000'000,
       "torchvision SqueezeNet1_1_Weights.IMAGENET1K_V1: num_params, _ops 0.349"},
      {"mobilenet_v2", "inverted residuals with depthwise convolutions, 224x224 pictures", 3'504'872,
       301'000'000, "torchvision MobileNet_V2_Weights.IMAGENET1K_V1: num_params, _ops 0.301"},
      {"resnet18", "residual blocks of 3x3 convolutions, 224x224 pictures", 11'689'512, 1'814'000'000,
       "torchvision ResNet18_Weights.IMAGENET1K_V1: num_params, _ops 1.814"},
      {"lenet5", "the first of them, 32x32 digits; all maps of S2 are connected to C3", 61'706, 416'520,
       "ptflops (github.com/sovrasov/flops-counter.pytorch, #87): 423.04 KMac, which counts the additions of "
       "the 6518 biases too"},
  };
  return entries;
}

Result<void> write_zoo_network(const std::string& name, std::uint64_t seed,
                               const std::filesystem::path& path) {
  std::string known;
  for (const ZooNetwork& network : networks) {
    if (name == network.name) return write_model(network.build(seed), path);
    known += (known.empty() ? "" : ", ") + std::string{network.name};
  }
  return Error{Errc::not_found, name, "is not a network of the zoo; there are " + known};
}

}  // namespace layerwatt
