// SPDX-License-Identifier: Apache-2.0
// oneDNN 2: https://oneapi-src.github.io/oneDNN/v2/dev_guide_convolution.html.
#include "engines/onednn_convolution.h"

#include <string_view>

namespace layerwatt {

namespace {

using dnnl::memory;
using Description = dnnl::convolution_forward::primitive_desc;

enum class Order { chosen, onnx };

// Empty when oneDNN has nothing for it.
Description described(const dnnl::engine& engine, const ConvolutionShape& shape,
                      const dnnl::primitive_attr& attributes, dnnl::algorithm algorithm, Order order) {
  using Tag = memory::format_tag;
  const auto of = [&](const memory::dims& dims, Tag onnx) {
    return memory::desc{dims, memory::data_type::f32, order == Order::onnx ? onnx : Tag::any};
  };
  const memory::desc input = of(shape.input, Tag::nchw), output = of(shape.output, Tag::nchw),
                     weights = of(shape.weights, shape.grouped ? Tag::goihw : Tag::oihw),
                     bias = shape.bias ? memory::desc{{shape.output[1]}, memory::data_type::f32, Tag::x}
                                       : memory::desc{};
  const dnnl::convolution_forward::desc asked{dnnl::prop_kind::forward_inference,
                                              algorithm,
                                              input,
                                              weights,
                                              bias,
                                              output,
                                              shape.stride,
                                              shape.dilation,
                                              shape.pad_begin,
                                              shape.pad_end};
  return Description{asked, attributes, engine, true};
}

bool is_gemm(const Description& description) {
  return std::string_view{description.impl_info_str()}.find("gemm") != std::string_view::npos;
}

Description by_gemm(const dnnl::engine& engine, const ConvolutionShape& shape,
                    const dnnl::primitive_attr& attributes) {
  Description offered =
      described(engine, shape, attributes, dnnl::algorithm::convolution_direct, Order::onnx);
  if (!offered) return offered;
  while (!is_gemm(offered))
    if (!offered.next_impl()) return Description{};
  return offered;
}

}  // namespace

ChosenConvolution choose_convolution(const dnnl::engine& engine, const ConvolutionShape& shape,
                                     const dnnl::primitive_attr& attributes, ConvolutionAlgorithm asked) {
  Description found;
  switch (asked) {
    case ConvolutionAlgorithm::automatic: break;
    case ConvolutionAlgorithm::direct:
      found = described(engine, shape, attributes, dnnl::algorithm::convolution_direct, Order::chosen);
      break;
    case ConvolutionAlgorithm::winograd:
      found = described(engine, shape, attributes, dnnl::algorithm::convolution_winograd, Order::chosen);
      break;
    case ConvolutionAlgorithm::gemm: found = by_gemm(engine, shape, attributes); break;
  }
  if (found) return {found, false};
  found = described(engine, shape, attributes, dnnl::algorithm::convolution_auto, Order::chosen);
  if (!found) throw dnnl::error{dnnl_unimplemented, "oneDNN has no implementation for this convolution"};
  return {found, asked != ConvolutionAlgorithm::automatic};
}

}  // namespace layerwatt
