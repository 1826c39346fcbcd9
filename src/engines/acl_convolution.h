// SPDX-License-Identifier: Apache-2.0
// Which of Arm Compute Library's convolutions is asked for, and making it. The library has a function for
// each algorithm, and says of each whether it can compute a layer.
#pragma once
#include <arm_compute/core/Types.h>
#include <arm_compute/runtime/IFunction.h>
#include <arm_compute/runtime/IMemoryManager.h>
#include <arm_compute/runtime/Tensor.h>

#include <memory>
#include <optional>
#include <string>

#include "engines/convolution_choice.h"

namespace layerwatt {

enum class AclAlgorithm { gemm, winograd, direct, fft, depthwise };
const char* name_of(AclAlgorithm algorithm);  // as the library's class is called

struct AclConvolution {
  arm_compute::Tensor *input, *weights, *bias, *output;  // all of one group; bias: null = none
  arm_compute::PadStrideInfo slide;
  arm_compute::Size2D dilation;
  arm_compute::ActivationLayerInfo curve;
  unsigned depth_multiplier = 0;  // 0: other than each channel by itself
};

struct AclChoice {
  AclAlgorithm algorithm{};
  bool fell_back = false;  // the library's own choice, not what was asked
};
// Each channel by itself has one function, which is a direct one. Nothing when no function can compute it.
std::optional<AclChoice> choose_convolution(const AclConvolution& convolution, ConvolutionAlgorithm asked);

std::unique_ptr<arm_compute::IFunction> make_convolution(
    const AclConvolution& convolution, AclAlgorithm algorithm,
    const std::shared_ptr<arm_compute::IMemoryManager>& memory);

}  // namespace layerwatt
