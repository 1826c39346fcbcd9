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
    ZooNetwork{"squeezenet1.0", squeezenet_1_0},
    ZooNetwork{"mobilenet_v1", mobilenet_v1},
    ZooNetwork{"mobilenet_v2", mobilenet_v2},
    ZooNetwork{"resnet18", resnet18},
    ZooNetwork{"resnet50", resnet50},
    ZooNetwork{"lenet5", lenet5},
    ZooNetwork{"shapes", shapes},
};

}  // namespace

const std::vector<ZooEntry>& zoo() {
  static const std::vector<ZooEntry> entries{
      {"squeezenet1.1", "fire modules of 1x1 and 3x3 convolutions, 224x224 pictures", 1'235'496, 349'000'000,
       "torchvision SqueezeNet1_1_Weights.IMAGENET1K_V1: num_params, _ops 0.349", 58.178,
       "ImageNet-1K, torchvision SqueezeNet1_1_Weights.IMAGENET1K_V1"},
      {"squeezenet1.0", "its first version, pooled later: 2.4 times the work", 1'248'424, 819'000'000,
       "torchvision SqueezeNet1_0_Weights.IMAGENET1K_V1: num_params, _ops 0.819", 58.092,
       "ImageNet-1K, torchvision SqueezeNet1_0_Weights.IMAGENET1K_V1"},
      {"mobilenet_v1", "depthwise convolutions, each with a 1x1 behind it, 224x224 pictures", 4'231'976,
       569'000'000,
       "keras.io/api/applications: 4,253,864 with the 21,888 running means and variances; MACs: "
       "tensorflow/models, "
       "research/slim/nets/mobilenet_v1.md, MobileNet_v1_1.0_224: 569 million",
       70.9, "ImageNet-1K, tensorflow/models, research/slim/nets/mobilenet_v1.md, MobileNet_v1_1.0_224"},
      {"mobilenet_v2", "inverted residuals with depthwise convolutions, 224x224 pictures", 3'504'872,
       301'000'000, "torchvision MobileNet_V2_Weights.IMAGENET1K_V1: num_params, _ops 0.301", 71.878,
       "ImageNet-1K, torchvision MobileNet_V2_Weights.IMAGENET1K_V1"},
      {"resnet18", "residual blocks of 3x3 convolutions, 224x224 pictures", 11'689'512, 1'814'000'000,
       "torchvision ResNet18_Weights.IMAGENET1K_V1: num_params, _ops 1.814", 69.758,
       "ImageNet-1K, torchvision ResNet18_Weights.IMAGENET1K_V1"},
      {"resnet50", "residual blocks of 1x1, 3x3 and 1x1 convolutions, 224x224 pictures", 25'557'032,
       4'089'000'000, "torchvision ResNet50_Weights.IMAGENET1K_V1: num_params, _ops 4.089", 76.130,
       "ImageNet-1K, torchvision ResNet50_Weights.IMAGENET1K_V1"},
      {"lenet5", "the first of them, 32x32 digits; all maps of S2 are connected to C3", 61'706, 416'520,
       "ptflops (github.com/sovrasov/flops-counter.pytorch, #87): 423.04 KMac, which counts the additions of "
       "the 6518 biases too",
       99.05,
       "MNIST, LeCun et al. 1998, section III.C: 0.95 % errors, with fewer connections and another last "
       "layer"},
      {"shapes", "TRAINED, by layerwatt: ten shapes in 32x32 pictures (model pictures)", 11'162, 816'128,
       "counted by hand: 8x27x1024 + 16x72x256 + 32x144x64 + 10x512", 93.0,
       "465 of the 500 pictures of `layerwatt model pictures`, which it was not trained on: "
       "tools/train_shapes"},
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
