// SPDX-License-Identifier: Apache-2.0
// Values take the order in memory that the primitives want; where two want different ones, a layer of type
// "layout" stands between.
#include "engines/onednn_network.h"

#include <algorithm>
#include <cstring>

#include "engines/onednn_builder.h"

namespace layerwatt {

using dnnl::memory;

// In the order of ONNX: the last dimension lies closest.
memory::desc onnx_order(const memory::dims& dims) {
  memory::dims strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;)
    strides[i - 1] = strides[i] * std::max<std::int64_t>(dims[i], 1);
  return {dims, memory::data_type::f32, strides};
}

OnednnCurve onednn_curve(const Elementwise& elementwise) {
  using dnnl::algorithm;
  switch (elementwise.curve) {
    case Curve::relu: return {algorithm::eltwise_relu, 0, 0};
    case Curve::leaky_relu: return {algorithm::eltwise_relu, elementwise.alpha, 0};
    case Curve::elu: return {algorithm::eltwise_elu, elementwise.alpha, 0};
    case Curve::sigmoid: return {algorithm::eltwise_logistic, 0, 0};
    case Curve::tanh: return {algorithm::eltwise_tanh, 0, 0};
    case Curve::clip: break;
  }
  return {algorithm::eltwise_clip, elementwise.alpha, elementwise.beta};
}

dnnl::primitive_attr OnednnBuilder::attributes(const Group& group) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (!group.elementwise) return attributes;
  dnnl::post_ops after;
  const OnednnCurve curve = onednn_curve(*group.elementwise);
  after.append_eltwise(1, curve.algorithm, curve.alpha, curve.beta);
  attributes.set_post_ops(after);
  return attributes;
}

// ---- Values ---------------------------------------------------------------------------------------------

memory OnednnBuilder::filled(const memory::desc& order, const Floats& values) {
  memory made{order, engine_};
  std::memcpy(made.get_data_handle(), values.data(),
              std::min(values.size() * sizeof(float), order.get_size()));
  return made;
}

Result<memory> OnednnBuilder::value(std::size_t layer, std::size_t input) {
  const std::string& name = network_.consumed[layer].at(input);
  const auto known = values_.find(name);
  if (known != values_.end()) return known->second;
  if (!model_.is_constant(name)) return impossible(layer, "an input that no layer makes is not possible");
  const auto numbers = constant(layer, input);
  if (!numbers) return numbers.error();
  Shape shape = model_.shape_of(name);
  if (shape.empty()) shape = {1};
  return values_.emplace(name, filled(onnx_order(shape), *numbers)).first->second;
}

// `reader`: the layer that wants it so; null for the output.
memory OnednnBuilder::in_order(const memory& from, const memory::desc& order, const Layer* reader) {
  if (from.get_desc() == order) return from;
  memory to{order, engine_};
  const dnnl::reorder::primitive_desc description{from, to, attributes()};
  OnednnStep step;
  step.layer.name = "layout before " + (reader != nullptr ? reader->name : "the output");
  if (reader != nullptr) step.layer.module = reader->module;
  step.layer.type = "layout";
  step.layer.implementation = description.impl_info_str();
  step.layer.inputs = step.layer.outputs = {from.get_desc().dims()};
  step.layer.macs = 0;
  step.layer.parameters = 0;
  step.layer.bytes = static_cast<std::int64_t>(from.get_desc().get_size() + order.get_size());
  step.primitive = dnnl::reorder{description};
  step.arguments = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  made_.steps.push_back(std::move(step));
  return to;
}

void OnednnBuilder::finish(const Group& group, const dnnl::primitive& primitive,
                           const std::string& implementation, Arguments arguments, const memory& output) {
  OnednnStep step;
  step.layer = row_of(group, implementation);
  step.primitive = primitive;
  step.arguments = std::move(arguments);
  made_.steps.push_back(std::move(step));
  values_[network_.produced[group.last()].front()] = output;
}

OnednnBuilder::Made OnednnBuilder::add_inputs() {
  for (const TensorDescription& input : network_.inputs) {
    if (auto checked = check_input(input); !checked) return checked;
    const memory made{onnx_order(input.shape), engine_};
    values_[input.name] = made;
    made_.inputs[input.name] = made;
  }
  return {};
}

Result<OnednnNetwork> OnednnBuilder::build() {
  if (auto added = add_inputs(); !added) return added.error();
  if (auto added = add_layers(); !added) return added.error();
  const std::string& last = network_.outputs.front().name;
  const auto output = values_.find(last);
  if (output == values_.end()) return Error{Errc::unsupported, last, "is no output that a layer makes"};
  made_.output = in_order(output->second, onnx_order(output->second.get_desc().dims()), nullptr);
  made_.account = std::move(account_);
  return std::move(made_);
}

Result<OnednnNetwork> build_onednn(const dnnl::engine& engine, const OnnxModel& model, const Network& network,
                                   const EngineOptions& options) {
  return OnednnBuilder{engine, model, network, options}.build();
}

}  // namespace layerwatt
