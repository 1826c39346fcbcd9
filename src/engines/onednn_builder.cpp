// SPDX-License-Identifier: Apache-2.0
// Layers without weights, or with one for each channel.
#include "engines/onednn_builder.h"

#include "networks/attributes.h"

namespace layerwatt {

using dnnl::memory;

OnednnBuilder::Made OnednnBuilder::add_pooling(std::size_t layer, Pooling pooling) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const auto pool = pool_of(layer, pooling, input->get_desc().dims());
  if (!pool) return pool.error();
  const auto algorithm = pooling == Pooling::largest ? dnnl::algorithm::pooling_max
                         : pooling == Pooling::mean  ? dnnl::algorithm::pooling_avg_exclude_padding
                                                     : dnnl::algorithm::pooling_avg_include_padding;
  const Sliding& sliding = pool->sliding;
  const memory::desc to_make{output_shape(layer), memory::data_type::f32, memory::format_tag::any};
  const dnnl::pooling_forward::primitive_desc description{
      {dnnl::prop_kind::forward_inference, algorithm, input->get_desc(), to_make, sliding.stride,
       sliding.kernel, sliding.pad_begin, sliding.pad_end},
      attributes(),
      engine_};
  finish_alone<dnnl::pooling_forward>(layer, description, *input);
  return {};
}

OnednnBuilder::Made OnednnBuilder::add_elementwise(std::size_t layer, const Elementwise& elementwise) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const memory::desc order = input->get_desc();
  const OnednnCurve curve = onednn_curve(elementwise);
  const dnnl::eltwise_forward::primitive_desc description{
      {dnnl::prop_kind::forward_inference, curve.algorithm, order, curve.alpha, curve.beta},
      attributes(),
      engine_};
  finish_alone<dnnl::eltwise_forward>(layer, description, *input);
  return {};
}

OnednnBuilder::Made OnednnBuilder::add_binary(std::size_t layer, dnnl::algorithm algorithm) {
  auto left = value(layer, 0), right = value(layer, 1);
  if (!left || !right) return left ? right.error() : left.error();
  const Layer* const reader = &network_.layers[layer];
  const memory::dims shape = left->get_desc().dims();
  if (shape != output_shape(layer))
    return impossible(layer, "a first operand that is repeated is not possible");
  memory::dims other = right->get_desc().dims();
  if (other.size() > shape.size()) return impossible(layer, "operands of these ranks are not possible");
  if (other == shape) {
    right = in_order(*right, left->get_desc(), reader);
  } else {
    *right = in_order(*right, onnx_order(other), reader);
    other.insert(other.begin(), shape.size() - other.size(), 1);
    made_.aliased.push_back(*right);
    right = memory{onnx_order(other), engine_, right->get_data_handle()};
  }
  const Group group = grouped(layer, false);
  const dnnl::binary::primitive_desc description{
      {algorithm, left->get_desc(), right->get_desc(), left->get_desc()}, attributes(group), engine_};
  const memory to{description.dst_desc(), engine_};
  finish(group, dnnl::binary{description}, description.impl_info_str(),
         {{DNNL_ARG_SRC_0, *left}, {DNNL_ARG_SRC_1, *right}, {DNNL_ARG_DST, to}}, to);
  return {};
}

OnednnBuilder::Made OnednnBuilder::add_concat(std::size_t layer) {
  std::vector<memory> inputs;
  std::vector<memory::desc> orders;
  for (std::size_t i = 0; i < network_.consumed[layer].size(); ++i) {
    auto input = value(layer, i);
    if (!input) return input.error();
    inputs.push_back(*input);
    orders.push_back(input->get_desc());
  }
  const auto axis = axis_of(node(layer), output_shape(layer), model_.opset());
  if (!axis) return impossible(layer, axis.error().detail + ", which is not possible");
  const dnnl::concat::primitive_desc description{*axis, orders, engine_, attributes()};
  const memory to{description.dst_desc(), engine_};
  Arguments arguments{{DNNL_ARG_DST, to}};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    arguments[DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i)] = inputs[i];
  finish({{layer}, nullptr, std::nullopt}, dnnl::concat{description}, description.impl_info_str(),
         std::move(arguments), to);
  return {};
}

OnednnBuilder::Made OnednnBuilder::add_softmax(std::size_t layer) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const auto axis = axis_of(node(layer), input->get_desc().dims(), model_.opset());
  if (!axis) return impossible(layer, axis.error().detail + ", which is not possible");
  const dnnl::softmax_forward::primitive_desc description{
      {dnnl::prop_kind::forward_inference, input->get_desc(), *axis}, attributes(), engine_};
  finish_alone<dnnl::softmax_forward>(layer, description, *input);
  return {};
}

// One that no convolution took: each channel by a factor and a bias, which is what oneDNN does with it, too.
OnednnBuilder::Made OnednnBuilder::add_normalisation(std::size_t layer) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const auto values = normalisation_of(layer);
  if (!values) return values.error();
  std::vector<memory> constants;
  for (const Floats& each : *values) constants.push_back(filled(onnx_order({output_shape(layer)[1]}), each));
  using Flags = dnnl::normalization_flags;
  const Group group{{layer}, nullptr, std::nullopt};
  const dnnl::batch_normalization_forward::primitive_desc description{
      {dnnl::prop_kind::forward_inference, input->get_desc(), float_attribute(node(layer), "epsilon", 1e-5F),
       Flags::use_global_stats | Flags::use_scale | Flags::use_shift},
      attributes(),
      engine_};
  const memory to{description.dst_desc(), engine_};
  finish(group, dnnl::batch_normalization_forward{description}, description.impl_info_str(),
         {{DNNL_ARG_SRC, *input},
          {DNNL_ARG_SCALE, constants[0]},
          {DNNL_ARG_SHIFT, constants[1]},
          {DNNL_ARG_MEAN, constants[2]},
          {DNNL_ARG_VARIANCE, constants[3]},
          {DNNL_ARG_DST, to}},
         to);
  return {};
}

OnednnBuilder::Made OnednnBuilder::add_local_response(std::size_t layer) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const onnx::NodeProto& lrn = node(layer);
  const dnnl::lrn_forward::primitive_desc description{
      {dnnl::prop_kind::forward_inference, dnnl::algorithm::lrn_across_channels, input->get_desc(),
       integer_attribute(lrn, "size").value_or(1), float_attribute(lrn, "alpha", 1e-4F),
       float_attribute(lrn, "beta", 0.75F), float_attribute(lrn, "bias", 1)},
      attributes(),
      engine_};
  finish_alone<dnnl::lrn_forward>(layer, description, *input);
  return {};
}

// The same values under another shape: nothing to compute, once they lie in the order of ONNX.
OnednnBuilder::Made OnednnBuilder::reshape(std::size_t layer) {
  const auto input = value(layer, 0);
  if (!input) return input.error();
  const Shape& shape = output_shape(layer);
  memory same = *input;
  if (shape != same.get_desc().dims()) {
    same = in_order(same, onnx_order(same.get_desc().dims()), &network_.layers[layer]);
    made_.aliased.push_back(same);
    const memory::desc renamed = onnx_order(shape);
    if (renamed.get_size() != same.get_desc().get_size())
      return Error{Errc::malformed, network_.layers[layer].name, "changes the number of values"};
    same = memory{renamed, engine_, same.get_data_handle()};
  }
  values_[network_.produced[layer].front()] = same;
  account_.removed.push_back(network_.layers[layer].name);
  done_[layer] = true;
  return {};
}

}  // namespace layerwatt
