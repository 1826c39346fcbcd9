// SPDX-License-Identifier: Apache-2.0
// LayerBuilder: constants as numbers, and what is worked out of them before anything is computed.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "engines/layer_builder.h"
#include "networks/attributes.h"

namespace layerwatt {

Result<LayerBuilder::Floats> LayerBuilder::constant(std::size_t layer, std::size_t input) {
  const auto& consumed = network_.consumed[layer];
  if (input >= consumed.size() || !model_.is_constant(consumed[input]))
    return impossible(layer, "weights that are computed are not possible");
  auto values = model_.floats(consumed[input]);
  if (!values)
    return impossible(layer, values.error().where + " " + values.error().detail + "; not possible");
  return values;
}

// Weights of fewer numbers than a step takes would be followed by whatever lies behind them.
LayerBuilder::Made LayerBuilder::check_filter(std::size_t layer) const {
  const Layer& described = network_.layers[layer];
  const auto& consumed = network_.consumed[layer];
  if (described.inputs.empty() || described.inputs.front().size() < 2 || output_shape(layer).size() < 2 ||
      consumed.size() < 2 || !model_.is_constant(consumed[1]))
    return {};
  const Shape& input = described.inputs.front();
  const std::int64_t groups = described.groups.value_or(1);
  Shape wanted{output_shape(layer)[1], input[1] / groups};
  wanted.insert(wanted.end(), described.kernel.begin(), described.kernel.end());
  const Shape given = model_.shape_of(consumed[1]);
  if (given == wanted && input[1] % groups == 0 && wanted[0] % groups == 0) return {};
  return Error{Errc::malformed, described.name,
               fmt::format("Conv: weights of {} do not fit an input of {} in {} and an output of {}",
                           fmt::join(given, "x"), fmt::join(input, "x"),
                           groups == 1 ? "one group" : fmt::format("{} groups", groups),
                           fmt::join(output_shape(layer), "x"))};
}

LayerBuilder::Made LayerBuilder::check_operands(std::size_t layer) const {
  std::vector<Shape> shapes = network_.layers[layer].inputs;
  for (const std::string& name : network_.consumed[layer])
    if (model_.is_constant(name)) shapes.push_back(model_.shape_of(name));
  const Shape& output = output_shape(layer);
  for (const Shape& shape : shapes) {
    const bool fits = shape.size() <= output.size() &&
                      std::equal(shape.rbegin(), shape.rend(), output.rbegin(),
                                 [](std::int64_t own, std::int64_t made) { return own == 1 || own == made; });
    if (!fits)
      return Error{Errc::malformed, network_.layers[layer].name,
                   fmt::format("{}: an operand of {} does not fit an output of {}",
                               network_.layers[layer].type, fmt::join(shape, "x"), fmt::join(output, "x"))};
  }
  return {};
}

// The weights of a layer, outputs first.
Result<LayerBuilder::Weights> LayerBuilder::weights_of(const Group& group, std::size_t outputs) {
  const std::size_t layer = group.layers.front();
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
  if (group.normalisation == nullptr) return weights;
  if (auto folded = fold(*group.normalisation, outputs, weights); !folded) return folded.error();
  return weights;
}

// What follows is normalised with constants: that is another factor and another bias for each output.
LayerBuilder::Made LayerBuilder::fold(const onnx::NodeProto& normalisation, std::size_t outputs,
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

// Gemm, and MatMul with constant weights, of rows.
Result<LayerBuilder::Product> LayerBuilder::product_of(const Group& group, const Shape& input) {
  const std::size_t layer = group.layers.front();
  const onnx::NodeProto& product = node(layer);
  Product made;
  made.turned = integer_attribute(product, "transB").value_or(0) != 0;
  const Shape shape = model_.is_constant(network_.consumed[layer][1])
                          ? model_.shape_of(network_.consumed[layer][1])
                          : Shape{};
  if (input.size() != 2 || shape.size() != 2 || integer_attribute(product, "transA").value_or(0) != 0)
    return impossible(layer, "other than rows times constant weights is not possible");
  made.outputs = shape[made.turned ? 0 : 1];
  made.inputs = shape[made.turned ? 1 : 0];
  if (made.inputs != input[1])
    return Error{Errc::malformed, network_.layers[layer].name,
                 fmt::format("{}: weights for {} values do not fit an input of {}", product.op_type(),
                             made.inputs, fmt::join(input, "x"))};
  auto weights = weights_of(group, static_cast<std::size_t>(made.outputs));
  if (!weights) return weights.error();
  const float alpha = float_attribute(product, "alpha", 1), beta = float_attribute(product, "beta", 1);
  for (float& weight : weights->values) weight *= alpha;
  for (float& bias : weights->bias) bias *= beta;
  made.weights = std::move(*weights);
  return made;
}

Result<LayerBuilder::Pool> LayerBuilder::pool_of(std::size_t layer, Pooling pooling, const Shape& input) {
  const bool global = node(layer).op_type().starts_with("Global");
  Shape kernel = network_.layers[layer].kernel;
  if (global && input.size() == 4) kernel = {input[2], input[3]};
  auto sliding = sliding_of(node(layer), kernel, input, output_shape(layer));
  if (!sliding) return impossible(layer, sliding.error().detail + ", which is not possible");
  const bool dilated =
      std::any_of(sliding->dilation.begin(), sliding->dilation.end(), [](auto d) { return d != 1; });
  const auto pads = integers_attribute(node(layer), "pads").value_or(Shape{});
  const bool counts_more = pooling == Pooling::mean_with_padding && pads.size() == 4 &&
                           (sliding->pad_end[0] > pads[2] || sliding->pad_end[1] > pads[3]);
  if (dilated || counts_more)
    return impossible(layer, "a dilated pool, or one that counts more than its padding, is not possible");
  return Pool{pooling, std::move(*sliding)};
}

Result<std::vector<LayerBuilder::Floats>> LayerBuilder::normalisation_of(std::size_t layer) {
  const auto channels = static_cast<std::size_t>(output_shape(layer).at(1));
  std::vector<Floats> constants;
  for (std::size_t i = 1; i <= 4; ++i) {
    auto values = constant(layer, i);
    if (!values) return values.error();
    if (values->size() != channels)
      return impossible(layer, "other than one value for each channel is not possible");
    constants.push_back(std::move(*values));
  }
  return constants;
}

}  // namespace layerwatt
