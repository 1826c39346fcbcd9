// SPDX-License-Identifier: Apache-2.0
// Layers with weights: convolutions, and products of rows and weights.
#include "engines/onednn_builder.h"
#include "engines/onednn_convolution.h"

namespace layerwatt {

using dnnl::memory;

OnednnBuilder::Made OnednnBuilder::add_convolution(std::size_t layer) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const Shape shape = input->get_desc().dims();
  const Layer& described = network_.layers[layer];
  const auto sliding = sliding_of(node(layer), described.kernel, shape, output_shape(layer));
  if (!sliding) return impossible(layer, sliding.error().detail + ", which is not possible");
  const Group group = grouped(layer, true);
  const std::int64_t outputs = output_shape(layer)[1], groups = described.groups.value_or(1);
  const auto weights = weights_of(group, static_cast<std::size_t>(outputs));
  if (!weights) return weights.error();
  ConvolutionShape asked{shape,
                         {outputs, shape[1] / groups},
                         output_shape(layer),
                         sliding->stride,
                         {sliding->dilation[0] - 1, sliding->dilation[1] - 1},
                         sliding->pad_begin,
                         sliding->pad_end,
                         groups > 1,
                         !weights->bias.empty()};
  if (asked.grouped) asked.weights = {groups, outputs / groups, shape[1] / groups};
  asked.weights.insert(asked.weights.end(), sliding->kernel.begin(), sliding->kernel.end());
  const ConvolutionAlgorithm algorithm = options_.convolutions.of(described.name);
  const auto [description, fell_back] = choose_convolution(engine_, asked, attributes(group), algorithm);
  const auto remark = account_for(layer, algorithm, fell_back);
  if (!remark) return remark.error();

  const memory from = in_order(*input, description.src_desc(), &described);
  memory given = filled(onnx_order(asked.weights), weights->values);
  memory packed{description.weights_desc(), engine_}, to{description.dst_desc(), engine_};
  dnnl::reorder{given, packed}.execute(stream_, given, packed);
  stream_.wait();
  Arguments arguments{{DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DST, to}};
  if (asked.bias) arguments[DNNL_ARG_BIAS] = filled(description.bias_desc(), weights->bias);
  finish(group, dnnl::convolution_forward{description}, description.impl_info_str() + *remark,
         std::move(arguments), to);
  return {};
}

OnednnBuilder::Made OnednnBuilder::add_product(std::size_t layer) {
  auto input = value(layer, 0);
  if (!input) return input.error();
  const Shape shape = input->get_desc().dims();
  const Group group = grouped(layer, false);
  const auto product = product_of(group, shape);
  if (!product) return product.error();
  const std::int64_t outputs = product->outputs, inputs = product->inputs;
  const Floats& given_bias = product->weights.bias;
  const auto any = [](const memory::dims& dims) {
    return memory::desc{dims, memory::data_type::f32, memory::format_tag::any};
  };
  const memory::desc bias = given_bias.empty() ? memory::desc{} : onnx_order({outputs});
  const dnnl::inner_product_forward::primitive_desc description{
      {dnnl::prop_kind::forward_inference, any(shape), any({outputs, inputs}), bias,
       any({shape[0], outputs})},
      attributes(group),
      engine_};
  const memory from = in_order(*input, description.src_desc(), &network_.layers[layer]);
  const memory::desc lies{{outputs, inputs},
                          memory::data_type::f32,
                          product->turned ? memory::format_tag::ab : memory::format_tag::ba};
  memory given = filled(lies, product->weights.values);
  memory packed{description.weights_desc(), engine_}, to{description.dst_desc(), engine_};
  dnnl::reorder{given, packed}.execute(stream_, given, packed);
  stream_.wait();
  Arguments arguments{{DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DST, to}};
  if (!given_bias.empty()) arguments[DNNL_ARG_BIAS] = filled(bias, given_bias);
  finish(group, dnnl::inner_product_forward{description}, description.impl_info_str(), std::move(arguments),
         to);
  return {};
}

}  // namespace layerwatt
