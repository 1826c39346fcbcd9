// SPDX-License-Identifier: Apache-2.0
// Layers with weights: convolutions, and products of rows and weights.
#include <arm_compute/runtime/NEON/functions/NEConcatenateLayer.h>
#include <arm_compute/runtime/NEON/functions/NEFullyConnectedLayer.h>
#include <arm_compute/runtime/NEON/functions/NESlice.h>
#include <fmt/format.h>

#include <algorithm>

#include "engines/acl_builder.h"

namespace layerwatt {

arm_compute::ActivationLayerInfo acl_curve(const std::optional<Elementwise>& elementwise) {
  using Info = arm_compute::ActivationLayerInfo;
  using Function = Info::ActivationFunction;
  if (!elementwise) return {};
  switch (elementwise->curve) {
    case Curve::relu: return {Function::RELU};
    case Curve::leaky_relu: return {Function::LEAKY_RELU, elementwise->alpha};
    case Curve::elu: return {Function::ELU, elementwise->alpha};
    case Curve::sigmoid: return {Function::LOGISTIC};
    case Curve::tanh: return {Function::TANH, 1, 1};
    case Curve::clip: break;
  }
  if (elementwise->alpha == 0) return {Function::BOUNDED_RELU, elementwise->beta};
  return {Function::LU_BOUNDED_RELU, elementwise->beta, elementwise->alpha};
}

// A window that does not reach the end needs no padding there: the library rounds down as well.
arm_compute::PadStrideInfo acl_slide(const Sliding& sliding) {
  const auto at_least_none = [](std::int64_t extent) {
    return static_cast<unsigned>(std::max<std::int64_t>(extent, 0));
  };
  return {at_least_none(sliding.stride[1]),         at_least_none(sliding.stride[0]),
          at_least_none(sliding.pad_begin[1]),      at_least_none(sliding.pad_end[1]),
          at_least_none(sliding.pad_begin[0]),      at_least_none(sliding.pad_end[0]),
          arm_compute::DimensionRoundingType::FLOOR};
}

LayerBuilder::Made AclBuilder::add_convolution(std::size_t layer) {
  const auto shape = shape_of(layer, 0);
  if (!shape) return shape.error();
  const Layer& described = network_.layers[layer];
  const auto sliding = sliding_of(node(layer), described.kernel, *shape, output_shape(layer));
  if (!sliding) return impossible(layer, sliding.error().detail + ", which is not possible");
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const Group group = grouped(layer, true);
  const std::int64_t outputs = output_shape(layer)[1], groups = described.groups.value_or(1),
                     channels = (*shape)[1];
  auto weights = weights_of(group, static_cast<std::size_t>(outputs));
  if (!weights) return weights.error();
  AclConvolution parts{
      *input,
      nullptr,
      nullptr,
      output_of(layer),
      acl_slide(*sliding),
      {static_cast<std::size_t>(sliding->dilation[1]), static_cast<std::size_t>(sliding->dilation[0])},
      acl_curve(group.elementwise),
      0};
  Shape weight_shape{outputs, channels / groups, sliding->kernel[0], sliding->kernel[1]};
  if (groups > 1 && groups == channels) {
    parts.depth_multiplier = static_cast<unsigned>(outputs / channels);
    std::swap(weight_shape[0], weight_shape[1]);
  } else if (groups > 1) {
    return add_grouped(layer, group,
                       {parts, static_cast<std::size_t>(groups), std::move(weights->values),
                        std::move(weights->bias), weight_shape});
  }
  parts.weights = new_constant(weight_shape, AclOrder::channels_last, std::move(weights->values));
  if (!weights->bias.empty()) parts.bias = new_constant({outputs}, AclOrder::onnx, std::move(weights->bias));
  const ConvolutionAlgorithm asked = options_.convolutions.of(described.name);
  const auto choice = choose_convolution(parts, asked);
  if (!choice) return impossible(layer, "such a convolution is not possible");
  const auto remark = account_for(layer, asked, choice->fell_back);
  if (!remark) return remark.error();
  Functions functions;
  functions.push_back(make_convolution(parts, choice->algorithm, memory_));
  finish(group, name_of(choice->algorithm) + *remark, std::move(functions), parts.output);
  return {};
}

// The library has no groups of several channels: each becomes a convolution of a slice.
LayerBuilder::Made AclBuilder::add_grouped(std::size_t layer, const Group& group, Convolution all) {
  const auto groups = static_cast<std::int64_t>(all.groups);
  const ConvolutionAlgorithm asked = options_.convolutions.of(network_.layers[layer].name);
  Shape weight_shape = all.weight_shape, out = output_shape(layer), in = weight_shape;
  weight_shape[0] /= groups;
  out[1] /= groups;
  in = *shape_of(layer, 0);
  in[1] /= groups;
  const auto part_of = [&](const Floats& values, std::int64_t number) {
    const auto length = static_cast<std::ptrdiff_t>(values.size() / all.groups);
    return Floats{values.begin() + number * length, values.begin() + (number + 1) * length};
  };
  Functions functions;
  std::vector<const arm_compute::ITensor*> joined;
  std::string implementation;
  for (std::int64_t number = 0; number < groups; ++number) {
    AclConvolution one = all.parts;
    one.input = new_tensor(in, AclOrder::channels_last);
    one.output = new_tensor(out, AclOrder::channels_last);
    one.weights = new_constant(weight_shape, AclOrder::channels_last, part_of(all.weights, number));
    one.bias = all.bias.empty() ? nullptr
                                : new_constant({weight_shape[0]}, AclOrder::onnx, part_of(all.bias, number));
    const auto from = static_cast<int>(number * in[1]), to = static_cast<int>((number + 1) * in[1]);
    auto slice = std::make_unique<arm_compute::NESlice>();
    slice->configure(all.parts.input, one.input, arm_compute::Coordinates{from, 0, 0, 0},
                     arm_compute::Coordinates{to, -1, -1, -1});
    functions.push_back(std::move(slice));
    const auto choice = choose_convolution(one, asked);
    if (!choice) return impossible(layer, "a convolution in such groups is not possible");
    if (number == 0) {  // the others are alike
      const auto remark = account_for(layer, asked, choice->fell_back);
      if (!remark) return remark.error();
      implementation = fmt::format("{} x {} groups{}", name_of(choice->algorithm), groups, *remark);
    }
    functions.push_back(make_convolution(one, choice->algorithm, memory_));
    joined.push_back(one.output);
  }
  auto join = std::make_unique<arm_compute::NEConcatenateLayer>();
  join->configure(joined, all.parts.output, 0);
  functions.push_back(std::move(join));
  finish(group, implementation, std::move(functions), all.parts.output);
  return {};
}

LayerBuilder::Made AclBuilder::add_product(std::size_t layer) {
  const auto shape = shape_of(layer, 0);
  if (!shape) return shape.error();
  const Group group = grouped(layer, false);
  auto product = product_of(group, *shape);
  if (!product) return product.error();
  const auto input = value(layer, 0);
  if (!input) return input.error();
  Floats& given = product->weights.values;
  const auto outputs = static_cast<std::size_t>(product->outputs),
             inputs = static_cast<std::size_t>(product->inputs);
  if (!product->turned) {
    Floats turned(given.size());
    for (std::size_t i = 0; i < inputs; ++i)
      for (std::size_t o = 0; o < outputs; ++o) turned[o * inputs + i] = given[i * outputs + o];
    given = std::move(turned);
  }
  Tensor* const weights = new_constant({product->outputs, product->inputs}, AclOrder::onnx, std::move(given));
  Tensor* const bias = product->weights.bias.empty()
                           ? nullptr
                           : new_constant({product->outputs}, AclOrder::onnx, product->weights.bias);
  Tensor* const output = output_of(layer);
  arm_compute::FullyConnectedLayerInfo how;
  how.activation_info = acl_curve(group.elementwise);
  const auto possible = arm_compute::NEFullyConnectedLayer::validate(
      (*input)->info(), weights->info(), bias != nullptr ? bias->info() : nullptr, output->info(), how);
  if (auto checked = check(layer, possible); !checked) return checked;
  finish(group, "NEFullyConnectedLayer",
         made_of(std::make_unique<arm_compute::NEFullyConnectedLayer>(memory_), *input, weights, bias, output,
                 how),
         output);
  return {};
}

}  // namespace layerwatt
