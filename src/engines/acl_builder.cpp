// SPDX-License-Identifier: Apache-2.0
// Layers without weights, or with one for each channel.
#include "engines/acl_builder.h"

#include <arm_compute/runtime/NEON/functions/NEActivationLayer.h>
#include <arm_compute/runtime/NEON/functions/NEArithmeticAddition.h>
#include <arm_compute/runtime/NEON/functions/NEBatchNormalizationLayer.h>
#include <arm_compute/runtime/NEON/functions/NEConcatenateLayer.h>
#include <arm_compute/runtime/NEON/functions/NENormalizationLayer.h>
#include <arm_compute/runtime/NEON/functions/NEPixelWiseMultiplication.h>
#include <arm_compute/runtime/NEON/functions/NEPoolingLayer.h>
#include <arm_compute/runtime/NEON/functions/NEReshapeLayer.h>
#include <arm_compute/runtime/NEON/functions/NESoftmaxLayer.h>

#include "networks/attributes.h"

namespace layerwatt {

LayerBuilder::Made AclBuilder::add_pooling(std::size_t layer, Pooling pooling) {
  const auto shape = shape_of(layer, 0);
  if (!shape) return shape.error();
  const auto pool = pool_of(layer, pooling, *shape);
  if (!pool) return pool.error();
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const Sliding& sliding = pool->sliding;
  const arm_compute::PoolingLayerInfo how{
      pooling == Pooling::largest ? arm_compute::PoolingType::MAX : arm_compute::PoolingType::AVG,
      {static_cast<std::size_t>(sliding.kernel[1]), static_cast<std::size_t>(sliding.kernel[0])},
      arm_compute::DataLayout::NHWC,
      acl_slide(sliding),
      pooling == Pooling::mean};
  Tensor* const output = output_of(layer);
  if (auto checked =
          check(layer, arm_compute::NEPoolingLayer::validate((*input)->info(), output->info(), how));
      !checked)
    return checked;
  finish({{layer}, nullptr, std::nullopt}, "NEPoolingLayer",
         made_of(std::make_unique<arm_compute::NEPoolingLayer>(), *input, output, how), output);
  return {};
}

LayerBuilder::Made AclBuilder::add_elementwise(std::size_t layer, const Elementwise& elementwise) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const arm_compute::ActivationLayerInfo how = acl_curve(elementwise);
  Tensor* const output = output_of(layer);
  if (auto checked =
          check(layer, arm_compute::NEActivationLayer::validate((*input)->info(), output->info(), how));
      !checked)
    return checked;
  finish({{layer}, nullptr, std::nullopt}, "NEActivationLayer",
         made_of(std::make_unique<arm_compute::NEActivationLayer>(), *input, output, how), output);
  return {};
}

// One that repeats along dimensions of the output is given them, of extent 1, in front.
Result<AclBuilder::Tensor*> AclBuilder::operand(std::size_t layer, std::size_t input) {
  auto shape = shape_of(layer, input);
  if (!shape) return shape.error();
  const std::size_t rank = output_shape(layer).size();
  const std::string& name = network_.consumed[layer][input];
  if (shape->size() == rank || values_.count(name) != 0 || shape->size() > rank) {
    if (shape->size() != rank) return impossible(layer, "operands of these ranks are not possible");
    return value(layer, input);
  }
  auto numbers = constant(layer, input);
  if (!numbers) return numbers.error();
  shape->insert(shape->begin(), rank - shape->size(), 1);
  return new_constant(*shape, usual(*shape), std::move(*numbers));
}

Result<std::pair<AclBuilder::Tensor*, AclBuilder::Tensor*>> AclBuilder::operands(std::size_t layer) {
  const auto left = operand(layer, 0);
  if (!left) return left.error();
  const auto right = operand(layer, 1);
  if (!right) return right.error();
  return std::pair{*left, *right};
}

LayerBuilder::Made AclBuilder::add_sum(std::size_t layer) {
  const auto both = operands(layer);
  if (!both) return both.error();
  const auto [left, right] = *both;
  constexpr auto policy = arm_compute::ConvertPolicy::SATURATE;  // of integers; unused here
  Tensor* const output = output_of(layer);
  if (auto checked = check(layer, arm_compute::NEArithmeticAddition::validate(left->info(), right->info(),
                                                                              output->info(), policy));
      !checked)
    return checked;
  finish({{layer}, nullptr, std::nullopt}, "NEArithmeticAddition",
         made_of(std::make_unique<arm_compute::NEArithmeticAddition>(), left, right, output, policy), output);
  return {};
}

LayerBuilder::Made AclBuilder::add_multiplication(std::size_t layer) {
  const auto both = operands(layer);
  if (!both) return both.error();
  const auto [left, right] = *both;
  using Function = arm_compute::NEPixelWiseMultiplication;
  constexpr auto policy = arm_compute::ConvertPolicy::SATURATE;  // both are of integers; unused here
  constexpr auto rounding = arm_compute::RoundingPolicy::TO_ZERO;
  Tensor* const output = output_of(layer);
  if (auto checked =
          check(layer, Function::validate(left->info(), right->info(), output->info(), 1, policy, rounding));
      !checked)
    return checked;
  finish({{layer}, nullptr, std::nullopt}, "NEPixelWiseMultiplication",
         made_of(std::make_unique<Function>(), left, right, output, 1.F, policy, rounding), output);
  return {};
}

LayerBuilder::Made AclBuilder::add_concat(std::size_t layer) {
  std::vector<const arm_compute::ITensor*> inputs;
  std::vector<const arm_compute::ITensorInfo*> infos;
  for (std::size_t i = 0; i < network_.consumed[layer].size(); ++i) {
    const auto input = value(layer, i);
    if (!input) return input.error();
    inputs.push_back(*input);
    infos.push_back((*input)->info());
  }
  const Shape& shape = output_shape(layer);
  const auto axis = axis_of(node(layer), shape, model_.opset());
  if (!axis) return impossible(layer, axis.error().detail + ", which is not possible");
  const std::size_t dimension = acl_dimension(shape, usual(shape), static_cast<std::size_t>(*axis));
  Tensor* const output = output_of(layer);
  if (auto checked =
          check(layer, arm_compute::NEConcatenateLayer::validate(infos, output->info(), dimension));
      !checked)
    return checked;
  finish({{layer}, nullptr, std::nullopt}, "NEConcatenateLayer",
         made_of(std::make_unique<arm_compute::NEConcatenateLayer>(), inputs, output, dimension), output);
  return {};
}

LayerBuilder::Made AclBuilder::add_softmax(std::size_t layer) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const Shape& shape = output_shape(layer);
  const auto axis = axis_of(node(layer), shape, model_.opset());
  if (!axis) return impossible(layer, axis.error().detail + ", which is not possible");
  const auto dimension =
      static_cast<std::int32_t>(acl_dimension(shape, usual(shape), static_cast<std::size_t>(*axis)));
  Tensor* const output = output_of(layer);
  if (auto checked =
          check(layer, arm_compute::NESoftmaxLayer::validate((*input)->info(), output->info(), 1, dimension));
      !checked)
    return checked;
  finish({{layer}, nullptr, std::nullopt}, "NESoftmaxLayer",
         made_of(std::make_unique<arm_compute::NESoftmaxLayer>(memory_), *input, output, 1.F, dimension),
         output);
  return {};
}

LayerBuilder::Made AclBuilder::add_normalisation(std::size_t layer) {
  auto values = normalisation_of(layer);
  if (!values) return values.error();
  const auto input = value(layer, 0);
  if (!input) return input.error();
  std::vector<Tensor*> constants;
  for (Floats& each : *values)
    constants.push_back(new_constant({output_shape(layer)[1]}, AclOrder::onnx, std::move(each)));
  const auto [scale, shift, mean, variance] =
      std::tuple{constants[0], constants[1], constants[2], constants[3]};
  const float epsilon = float_attribute(node(layer), "epsilon", 1e-5F);
  Tensor* const output = output_of(layer);
  using Function = arm_compute::NEBatchNormalizationLayer;
  if (auto checked =
          check(layer, Function::validate((*input)->info(), output->info(), mean->info(), variance->info(),
                                          shift->info(), scale->info(), epsilon));
      !checked)
    return checked;
  finish({{layer}, nullptr, std::nullopt}, "NEBatchNormalizationLayer",
         made_of(std::make_unique<Function>(), *input, output, mean, variance, shift, scale, epsilon),
         output);
  return {};
}

LayerBuilder::Made AclBuilder::add_local_response(std::size_t layer) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const onnx::NodeProto& lrn = node(layer);
  const arm_compute::NormalizationLayerInfo how{
      arm_compute::NormType::CROSS_MAP,
      static_cast<std::uint32_t>(integer_attribute(lrn, "size").value_or(1)),
      float_attribute(lrn, "alpha", 1e-4F), float_attribute(lrn, "beta", 0.75F),
      float_attribute(lrn, "bias", 1)};
  Tensor* const output = output_of(layer);
  if (auto checked =
          check(layer, arm_compute::NENormalizationLayer::validate((*input)->info(), output->info(), how));
      !checked)
    return checked;
  finish({{layer}, nullptr, std::nullopt}, "NENormalizationLayer",
         made_of(std::make_unique<arm_compute::NENormalizationLayer>(memory_), *input, output, how), output);
  return {};
}

// The same values under another shape. The library copies them: rows of the new one may be wider.
LayerBuilder::Made AclBuilder::reshape(std::size_t layer) {
  const auto shape = shape_of(layer, 0);
  if (!shape) return shape.error();
  const std::string& name = network_.consumed[layer].front();
  if (auto made = value(layer, 0); !made) return made.error();
  const Shape& wanted = output_shape(layer);
  if (wanted == *shape) {
    const Value same = values_.at(name);
    values_[network_.produced[layer].front()] = same;
    account_.removed.push_back(network_.layers[layer].name);
    done_[layer] = true;
    return {};
  }
  Value& from = values_.at(name);
  const AclOrder order = lies_alike(*shape) ? usual(*shape) : AclOrder::onnx;
  Tensor* const input = in_order(from, order, &network_.layers[layer]);
  const bool alike = lies_alike(wanted);
  Tensor* const output = new_tensor(wanted, alike ? usual(wanted) : AclOrder::onnx);
  if (input->info()->tensor_shape().total_size() != output->info()->tensor_shape().total_size())
    return Error{Errc::malformed, network_.layers[layer].name, "changes the number of values"};
  if (auto checked = check(layer, arm_compute::NEReshapeLayer::validate(input->info(), output->info()));
      !checked)
    return checked;
  finish({{layer}, nullptr, std::nullopt}, "NEReshapeLayer",
         made_of(std::make_unique<arm_compute::NEReshapeLayer>(), input, output), output);
  if (!alike) values_[network_.produced[layer].front()] = {wanted, output, nullptr};
  return {};
}

}  // namespace layerwatt
