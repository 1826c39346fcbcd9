// SPDX-License-Identifier: Apache-2.0
// Layers with weights: convolutions, and products of rows and weights.
#include <fmt/format.h>

#include <cmath>

#include "engines/onednn_builder.h"
#include "engines/onednn_convolution.h"
#include "networks/attributes.h"

namespace layerwatt {

using dnnl::memory;

// The weights of a layer, as oneDNN takes a convolution's and a product's: outputs first.
Result<OnednnBuilder::Weights> OnednnBuilder::weights_of(std::size_t layer, std::size_t outputs) {
  auto values = constant(layer, 1);
  if (!values) return values.error();
  Weights weights{std::move(*values), {}};
  if (network_.consumed[layer].size() > 2 && !network_.consumed[layer][2].empty()) {
    auto bias = constant(layer, 2);
    if (!bias) return bias.error();
    if (bias->size() == 1) bias->assign(outputs, bias->front());
    if (bias->size() != outputs) return impossible(layer, "a bias of this shape is not possible");
    weights.bias = std::move(*bias);
  }
  return weights;
}

// What follows is normalised with constants: that is another factor and another bias for each output.
OnednnBuilder::Made OnednnBuilder::fold(const onnx::NodeProto& normalisation, std::size_t outputs,
                                        Weights& weights) {
  std::vector<Floats> constants;
  for (int i = 1; i <= 4; ++i) {  // scale, bias, mean, variance
    if (normalisation.input_size() <= i || !model_.is_constant(normalisation.input(i)))
      return Error{Errc::unsupported, normalisation.name(), "is normalised with values that are computed"};
    auto values = model_.floats(normalisation.input(i));
    if (!values) return values.error();
    if (values->size() != outputs)
      return Error{Errc::malformed, normalisation.name(), "has not one value for each channel"};
    constants.push_back(std::move(*values));
  }
  const float epsilon = float_attribute(normalisation, "epsilon", 1e-5F);
  weights.bias.resize(outputs);
  const std::size_t each = weights.values.size() / outputs;
  for (std::size_t o = 0; o < outputs; ++o) {
    const float factor = constants[0][o] / std::sqrt(constants[3][o] + epsilon);
    for (std::size_t i = 0; i < each; ++i) weights.values[o * each + i] *= factor;
    weights.bias[o] = (weights.bias[o] - constants[2][o]) * factor + constants[1][o];
  }
  return {};
}

OnednnBuilder::Made OnednnBuilder::add_convolution(std::size_t layer) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const Shape shape = input->get_desc().dims();
  const Layer& described = network_.layers[layer];
  const auto sliding = sliding_of(node(layer), described.kernel, shape, output_shape(layer));
  if (!sliding) return impossible(layer, sliding.error().detail + ", which is not possible");
  const Group group = grouped(layer, true);
  const std::int64_t outputs = output_shape(layer)[1], groups = described.groups.value_or(1);
  auto weights = weights_of(layer, static_cast<std::size_t>(outputs));
  if (!weights) return weights.error();
  if (group.normalisation != nullptr)
    if (auto folded = fold(*group.normalisation, static_cast<std::size_t>(outputs), *weights); !folded)
      return folded;
  ConvolutionShape asked{shape,
                         {outputs, shape[1] / groups},
                         output_shape(layer),
                         sliding->stride,
                         sliding->dilation,
                         sliding->pad_begin,
                         sliding->pad_end,
                         groups > 1,
                         !weights->bias.empty()};
  if (asked.grouped) asked.weights = {groups, outputs / groups, shape[1] / groups};
  asked.weights.insert(asked.weights.end(), sliding->kernel.begin(), sliding->kernel.end());
  const ConvolutionAlgorithm algorithm = options_.convolutions.of(described.name);
  const auto [description, fell_back] = choose_convolution(engine_, asked, attributes(group), algorithm);
  ++made_.convolutions;
  const std::string why = fmt::format("{} by {} is not possible here", "a convolution", name_of(algorithm));
  if (fell_back && options_.convolutions.strict) return impossible(layer, why);
  if (fell_back) made_.fell_back.push_back(described.name);

  const memory from = in_order(*input, description.src_desc(), &described);
  memory given = filled(onnx_order(asked.weights), weights->values);
  memory packed{description.weights_desc(), engine_}, to{description.dst_desc(), engine_};
  dnnl::reorder{given, packed}.execute(stream_, given, packed);
  stream_.wait();
  Arguments arguments{{DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DST, to}};
  if (asked.bias) arguments[DNNL_ARG_BIAS] = filled(description.bias_desc(), weights->bias);
  const std::string told = std::string{description.impl_info_str()} +
                           (fell_back ? fmt::format(" (not {})", name_of(algorithm)) : "");
  finish(group, dnnl::convolution_forward{description}, told.c_str(), std::move(arguments), to);
  return {};
}

// Gemm, and MatMul with constant weights, of rows.
OnednnBuilder::Made OnednnBuilder::add_product(std::size_t layer) {
  auto input = value(layer, 0);
  if (!input) return input.error();
  const onnx::NodeProto& product = node(layer);
  const bool turned = integer_attribute(product, "transB").value_or(0) != 0;
  const Shape shape = input->get_desc().dims(),
              weight_shape = model_.is_constant(network_.consumed[layer][1])
                                 ? model_.shape_of(network_.consumed[layer][1])
                                 : Shape{};
  if (shape.size() != 2 || weight_shape.size() != 2 || integer_attribute(product, "transA").value_or(0) != 0)
    return impossible(layer, "other than rows times constant weights is not possible");
  const std::int64_t outputs = weight_shape[turned ? 0 : 1], inputs = weight_shape[turned ? 1 : 0];
  if (inputs != shape[1])
    return Error{Errc::malformed, network_.layers[layer].name, "has weights of another width"};
  auto weights = weights_of(layer, static_cast<std::size_t>(outputs));
  if (!weights) return weights.error();
  const float alpha = float_attribute(product, "alpha", 1), beta = float_attribute(product, "beta", 1);
  for (float& weight : weights->values) weight *= alpha;
  for (float& bias : weights->bias) bias *= beta;
  const Group group = grouped(layer, false);
  const auto any = [](const memory::dims& dims) {
    return memory::desc{dims, memory::data_type::f32, memory::format_tag::any};
  };
  const memory::desc bias = weights->bias.empty() ? memory::desc{} : onnx_order({outputs});
  const dnnl::inner_product_forward::primitive_desc description{
      {dnnl::prop_kind::forward_inference, any(shape), any({outputs, inputs}), bias,
       any({shape[0], outputs})},
      attributes(group),
      engine_};
  const memory from = in_order(*input, description.src_desc(), &network_.layers[layer]);
  const memory::desc lies{
      {outputs, inputs}, memory::data_type::f32, turned ? memory::format_tag::ab : memory::format_tag::ba};
  memory given = filled(lies, weights->values);
  memory packed{description.weights_desc(), engine_}, to{description.dst_desc(), engine_};
  dnnl::reorder{given, packed}.execute(stream_, given, packed);
  stream_.wait();
  Arguments arguments{{DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DST, to}};
  if (!weights->bias.empty()) arguments[DNNL_ARG_BIAS] = filled(bias, weights->bias);
  finish(group, dnnl::inner_product_forward{description}, description.impl_info_str(), std::move(arguments),
         to);
  return {};
}

}  // namespace layerwatt
