// SPDX-License-Identifier: Apache-2.0
// From layers to primitives. Values take the order in memory that the primitives want; where two want
// different ones, a layer of type "layout" stands between. With fusion, batch normalisation goes into the
// weights before it, and what is applied to each value by itself into the primitive before it.
#include "engines/onednn_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "engines/fusion_map.h"
#include "engines/onednn_builder.h"
#include "networks/attributes.h"

namespace layerwatt {

using dnnl::memory;

// In the order of ONNX: the last dimension lies closest.
memory::desc onnx_order(const memory::dims& dims) {
  memory::dims strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;)
    strides[i - 1] = strides[i] * std::max<std::int64_t>(dims[i], 1);
  return {dims, memory::data_type::f32, strides};
}

Error OnednnBuilder::impossible(std::size_t layer, const std::string& why) const {
  return {Errc::unsupported, network_.layers[layer].name,
          fmt::format("{}: {} in engine onednn; engine onnxruntime may run it", network_.layers[layer].type,
                      why)};
}

std::optional<std::size_t> OnednnBuilder::only_reader(std::size_t layer) const {
  const std::string& tensor = network_.produced[layer].front();
  const auto& readers = tensors_.readers_of(tensor);
  if (tensors_.outputs.count(tensor) != 0 || readers.size() != 1) return std::nullopt;
  const bool first = network_.consumed[readers.front()].front() == tensor;
  return first ? std::optional{readers.front()} : std::nullopt;
}

OnednnBuilder::Group OnednnBuilder::grouped(std::size_t layer, bool takes_normalisation) const {
  Group group{{layer}, nullptr, std::nullopt};
  if (!options_.fuse) return group;
  auto next = only_reader(layer);
  if (next && takes_normalisation && node(*next).op_type() == "BatchNormalization") {
    group.normalisation = &node(*next);
    group.layers.push_back(*next);
    next = only_reader(*next);
  }
  if (next) group.elementwise = elementwise_of(node(*next), model_);
  if (group.elementwise) group.layers.push_back(*next);
  return group;
}

dnnl::primitive_attr OnednnBuilder::attributes(const Group& group) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (!group.elementwise) return attributes;
  dnnl::post_ops after;
  after.append_eltwise(1, group.elementwise->algorithm, group.elementwise->alpha, group.elementwise->beta);
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

Result<OnednnBuilder::Floats> OnednnBuilder::constant(std::size_t layer, std::size_t input) {
  const auto& consumed = network_.consumed[layer];
  if (input >= consumed.size() || !model_.is_constant(consumed[input]))
    return impossible(layer, "weights that are computed are not possible");
  auto values = model_.floats(consumed[input]);
  if (!values)
    return impossible(layer, values.error().where + " " + values.error().detail + "; not possible");
  return values;
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

void OnednnBuilder::finish(const Group& group, const dnnl::primitive& primitive, const char* implementation,
                           Arguments arguments, const memory& output) {
  OnednnStep step;
  std::vector<std::size_t> sources = group.layers;
  std::sort(sources.begin(), sources.end());
  step.layer = fused_layer(network_, tensors_, sources);
  step.layer.implementation = implementation;
  step.primitive = primitive;
  step.arguments = std::move(arguments);
  made_.steps.push_back(std::move(step));
  for (const std::size_t layer : group.layers) done_[layer] = true;
  values_[network_.produced[group.last()].front()] = output;
}

OnednnBuilder::Made OnednnBuilder::add_inputs() {
  for (const TensorDescription& input : network_.inputs) {
    if (input.element_type != "float32")
      return Error{Errc::unsupported, input.name,
                   "is " + input.element_type + "; engine onednn computes float32"};
    for (const std::int64_t extent : input.shape)
      if (extent <= 0) return Error{Errc::unsupported, input.name, "has a dimension that is not known"};
    const memory made{onnx_order(input.shape), engine_};
    values_[input.name] = made;
    made_.inputs[input.name] = made;
  }
  return {};
}

OnednnBuilder::Made OnednnBuilder::add(std::size_t layer) {
  const onnx::NodeProto* made_by = model_.maker_of(network_.produced[layer].front());
  if (made_by == nullptr || !is_standard(*made_by)) return impossible(layer, "this operator is not possible");
  if (network_.layers[layer].outputs.size() != 1 && made_by->op_type() != "Dropout")
    return impossible(layer, "other than one output is not possible");
  for (const std::int64_t extent : output_shape(layer))
    if (extent <= 0) return impossible(layer, "a shape that is not known is not possible");
  const std::string& type = made_by->op_type();
  if (type == "Conv") return add_convolution(layer);
  if (type == "Gemm" || type == "MatMul") return add_product(layer);
  if (const auto pooling = pooling_of(*made_by)) return add_pooling(layer, *pooling);
  if (const auto elementwise = elementwise_of(*made_by, model_)) return add_elementwise(layer, *elementwise);
  if (type == "Add") return add_binary(layer, dnnl::algorithm::binary_add);
  if (type == "Mul") return add_binary(layer, dnnl::algorithm::binary_mul);
  if (type == "Concat") return add_concat(layer);
  if (type == "Softmax") return add_softmax(layer);
  if (type == "BatchNormalization") return add_normalisation(layer);
  if (type == "LRN") return add_local_response(layer);
  for (const char* free : {"Dropout", "Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze"})
    if (type == free) return reshape(layer);
  return impossible(layer, "this operator is not possible");
}

Result<OnednnNetwork> OnednnBuilder::build() {
  done_.assign(network_.layers.size(), false);
  for (const auto& [asked, algorithm] : options_.convolutions.of_layer) {
    const bool known = std::any_of(network_.layers.begin(), network_.layers.end(),
                                   [name = std::string_view{asked}](const Layer& layer) {
                                     return layer.name == name && layer.type == "Conv";
                                   });
    if (!known)
      return Error{Errc::not_found, asked, "an algorithm is asked for it, but no convolution has this name"};
  }
  if (auto added = add_inputs(); !added) return added.error();
  for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
    if (done_[layer]) continue;
    try {
      if (auto added = add(layer); !added) return added.error();
    } catch (const dnnl::error& error) {
      return impossible(layer, fmt::format("oneDNN says \"{}\"; this is not possible", error.what()));
    }
  }
  const std::string& last = network_.outputs.front().name;
  const auto output = values_.find(last);
  if (output == values_.end()) return Error{Errc::unsupported, last, "is no output that a layer makes"};
  made_.output = in_order(output->second, onnx_order(output->second.get_desc().dims()), nullptr);
  return std::move(made_);
}

Result<OnednnNetwork> build_onednn(const dnnl::engine& engine, const OnnxModel& model, const Network& network,
                                   const OnednnOptions& options) {
  if (network.outputs.empty()) return Error{Errc::unsupported, network.name, "has no output"};
  return OnednnBuilder{engine, model, network, options}.build();
}

}  // namespace layerwatt
