// SPDX-License-Identifier: Apache-2.0
// Arm Compute Library 20.08 of Debian 12: https://arm-software.github.io/ComputeLibrary/v20.08/.
#include "engines/acl_convolution.h"

#include <arm_compute/runtime/NEON/functions/NEConvolutionLayer.h>
#include <arm_compute/runtime/NEON/functions/NEDepthwiseConvolutionLayer.h>
#include <arm_compute/runtime/NEON/functions/NEDirectConvolutionLayer.h>
#include <arm_compute/runtime/NEON/functions/NEFFTConvolutionLayer.h>
#include <arm_compute/runtime/NEON/functions/NEGEMMConvolutionLayer.h>
#include <arm_compute/runtime/NEON/functions/NEWinogradConvolutionLayer.h>

#include <exception>

namespace layerwatt {

namespace {

using arm_compute::ITensorInfo;

arm_compute::Status validated(const AclConvolution& c, AclAlgorithm algorithm) {
  const ITensorInfo *input = c.input->info(), *weights = c.weights->info(), *output = c.output->info(),
                    *bias = c.bias != nullptr ? c.bias->info() : nullptr;
  switch (algorithm) {
    case AclAlgorithm::gemm:
      return arm_compute::NEGEMMConvolutionLayer::validate(input, weights, bias, output, c.slide, {},
                                                           c.dilation, c.curve);
    case AclAlgorithm::winograd:
      // Fast: what the library calls larger tiles than it takes by itself. Who asks for Winograd wants them.
      return arm_compute::NEWinogradConvolutionLayer::validate(input, weights, bias, output, c.slide, c.curve,
                                                               true);
    case AclAlgorithm::direct:
      return arm_compute::NEDirectConvolutionLayer::validate(input, weights, bias, output, c.slide, c.curve);
    case AclAlgorithm::fft:
      return arm_compute::NEFFTConvolutionLayer::validate(input, weights, bias, output, c.slide, c.curve);
    case AclAlgorithm::depthwise: break;
  }
  return arm_compute::NEDepthwiseConvolutionLayer::validate(input, weights, bias, output, c.slide,
                                                            c.depth_multiplier, c.curve, c.dilation);
}

bool possible(const AclConvolution& convolution, AclAlgorithm algorithm) {
  const bool dilated = convolution.dilation != arm_compute::Size2D{1, 1};
  const bool knows_dilation = algorithm == AclAlgorithm::gemm || algorithm == AclAlgorithm::depthwise;
  if (dilated && !knows_dilation) return false;
  // It throws where a kernel's size is not implemented.
  try {
    return static_cast<bool>(validated(convolution, algorithm));
  } catch (const std::exception&) {
    return false;
  }
}

AclAlgorithm own_choice(const AclConvolution& c) {
  using arm_compute::ConvolutionMethod;
  switch (arm_compute::NEConvolutionLayer::get_convolution_method(
      c.input->info(), c.weights->info(), c.output->info(), c.slide, {}, c.dilation, c.curve)) {
    case ConvolutionMethod::WINOGRAD: return AclAlgorithm::winograd;
    case ConvolutionMethod::DIRECT: return AclAlgorithm::direct;
    case ConvolutionMethod::FFT: return AclAlgorithm::fft;
    default: return AclAlgorithm::gemm;
  }
}

std::optional<AclAlgorithm> by_name(ConvolutionAlgorithm asked) {
  switch (asked) {
    case ConvolutionAlgorithm::direct: return AclAlgorithm::direct;
    case ConvolutionAlgorithm::gemm: return AclAlgorithm::gemm;
    case ConvolutionAlgorithm::winograd: return AclAlgorithm::winograd;
    case ConvolutionAlgorithm::automatic: break;
  }
  return std::nullopt;
}

}  // namespace

const char* name_of(AclAlgorithm algorithm) {
  switch (algorithm) {
    case AclAlgorithm::gemm: return "NEGEMMConvolutionLayer";
    case AclAlgorithm::winograd: return "NEWinogradConvolutionLayer";
    case AclAlgorithm::direct: return "NEDirectConvolutionLayer";
    case AclAlgorithm::fft: return "NEFFTConvolutionLayer";
    case AclAlgorithm::depthwise: break;
  }
  return "NEDepthwiseConvolutionLayer";
}

std::optional<AclChoice> choose_convolution(const AclConvolution& convolution, ConvolutionAlgorithm asked) {
  const auto wanted = by_name(asked);
  if (convolution.depth_multiplier != 0) {
    if (!possible(convolution, AclAlgorithm::depthwise)) return std::nullopt;
    return AclChoice{AclAlgorithm::depthwise, wanted && wanted != AclAlgorithm::direct};
  }
  if (wanted && possible(convolution, *wanted)) return AclChoice{*wanted, false};
  for (const AclAlgorithm algorithm : {own_choice(convolution), AclAlgorithm::gemm})
    if (possible(convolution, algorithm)) return AclChoice{algorithm, wanted.has_value()};
  return std::nullopt;
}

std::unique_ptr<arm_compute::IFunction> make_convolution(
    const AclConvolution& c, AclAlgorithm algorithm,
    const std::shared_ptr<arm_compute::IMemoryManager>& memory) {
  switch (algorithm) {
    case AclAlgorithm::gemm: {
      auto made = std::make_unique<arm_compute::NEGEMMConvolutionLayer>(memory);
      made->configure(c.input, c.weights, c.bias, c.output, c.slide, {}, c.dilation, c.curve);
      return made;
    }
    case AclAlgorithm::winograd: {
      auto made = std::make_unique<arm_compute::NEWinogradConvolutionLayer>(memory);
      made->configure(c.input, c.weights, c.bias, c.output, c.slide, c.curve, true);
      return made;
    }
    case AclAlgorithm::direct: {
      auto made = std::make_unique<arm_compute::NEDirectConvolutionLayer>(memory);
      made->configure(c.input, c.weights, c.bias, c.output, c.slide, c.curve);
      return made;
    }
    case AclAlgorithm::fft: {
      auto made = std::make_unique<arm_compute::NEFFTConvolutionLayer>(memory);
      made->configure(c.input, c.weights, c.bias, c.output, c.slide, c.curve);
      return made;
    }
    case AclAlgorithm::depthwise: break;
  }
  auto made = std::make_unique<arm_compute::NEDepthwiseConvolutionLayer>(memory);
  made->configure(c.input, c.weights, c.bias, c.output, c.slide, c.depth_multiplier, c.curve, c.dilation);
  return made;
}

}  // namespace layerwatt
