// SPDX-License-Identifier: Apache-2.0
// Which of oneDNN's implementations of a convolution is asked for. It has one switch for direct and Winograd;
// its gemm is one of the implementations that it offers in turn, and only for values in the order of ONNX.
#pragma once
#include <dnnl.hpp>

#include "engines/convolution_choice.h"

namespace layerwatt {

struct ConvolutionShape {
  dnnl::memory::dims input, weights, output, stride, dilation, pad_begin,
      pad_end;  // weights: goihw if grouped
  bool grouped = false;
  bool bias = false;
};

struct ChosenConvolution {
  dnnl::convolution_forward::primitive_desc description;
  bool fell_back = false;  // oneDNN's own choice, not what was asked
};

// Throws dnnl::error when not even its own choice can compute it.
ChosenConvolution choose_convolution(const dnnl::engine& engine, const ConvolutionShape& shape,
                                     const dnnl::primitive_attr& attributes, ConvolutionAlgorithm asked);

}  // namespace layerwatt
