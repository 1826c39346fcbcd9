// SPDX-License-Identifier: Apache-2.0
// See onnx_builder.h. Operators as of opset 13: https://onnx.ai/onnx/operators/
#include "networks/onnx_builder.h"

#include <cstring>

#include "networks/attributes.h"
#include "networks/model_marks.h"

namespace layerwatt {

namespace {

// A float32 tensor whose first dimension is the batch.
void declare(onnx::ValueInfoProto& value, const std::string& name, const std::vector<std::int64_t>& shape) {
  value.set_name(name);
  auto& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx::TensorProto::FLOAT);
  tensor.mutable_shape()->add_dim()->set_dim_param("batch");
  for (const std::int64_t dimension : shape) tensor.mutable_shape()->add_dim()->set_dim_value(dimension);
}

}  // namespace

OnnxBuilder::OnnxBuilder(const std::string& name, std::uint64_t seed)
    : graph_{*model_.mutable_graph()}, weights_{seed} {
  model_.set_ir_version(7);
  model_.set_producer_name("layerwatt");
  onnx::OperatorSetIdProto& opset = *model_.add_opset_import();
  opset.set_domain("");
  opset.set_version(13);
  mark(model_, weights_key, random_weights_mark(seed));
  graph_.set_name(name);
}

onnx::NodeProto& OnnxBuilder::node(const std::string& type, const std::string& name,
                                   const std::vector<std::string>& inputs) {
  onnx::NodeProto& made = *graph_.add_node();
  made.set_op_type(type);
  made.set_name(name);
  for (const std::string& input : inputs) made.add_input(input);
  made.add_output(name);
  return made;
}

std::string OnnxBuilder::parameter(const std::string& name, const std::vector<std::int64_t>& shape,
                                   std::string bytes) {
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dimension : shape) tensor.add_dims(dimension);
  tensor.set_raw_data(std::move(bytes));
  return name;
}

std::string OnnxBuilder::constant(const std::string& name, const std::vector<std::int64_t>& shape,
                                  float value) {
  std::size_t count = 1;
  for (const std::int64_t dimension : shape) count *= static_cast<std::size_t>(dimension);
  std::string bytes(count * sizeof value, '\0');
  for (std::size_t at = 0; at < bytes.size(); at += sizeof value)
    std::memcpy(bytes.data() + at, &value, sizeof value);
  return parameter(name, shape, std::move(bytes));
}

Activation OnnxBuilder::input(const std::string& name, std::int64_t channels, std::int64_t extent) {
  declare(*graph_.add_input(), name, {channels, extent, extent});
  return {name, channels};
}

Activation OnnxBuilder::convolution(const std::string& name, const Activation& x, std::int64_t channels,
                                    const ConvolutionSettings& settings) {
  const std::int64_t kernel = settings.kernel;
  const std::int64_t inputs = x.channels / settings.groups * kernel * kernel;
  std::vector<std::string> read{x.name};
  read.push_back(parameter(name + ".weight", {channels, x.channels / settings.groups, kernel, kernel},
                           weights_.normal(channels * inputs, he_deviation(inputs, settings.before_relu))));
  if (settings.bias) read.push_back(constant(name + ".bias", {channels}, 0));
  onnx::NodeProto& made = node("Conv", name, read);
  set_attribute(made, "kernel_shape", std::vector<std::int64_t>{kernel, kernel});
  set_attribute(made, "strides", std::vector<std::int64_t>{settings.stride, settings.stride});
  const std::int64_t end = settings.pad_end.value_or(settings.pad);
  set_attribute(made, "pads", std::vector<std::int64_t>{settings.pad, settings.pad, end, end});
  set_attribute(made, "group", settings.groups);
  return {name, channels};
}

// As at the start of training: scale 1, shift 0, running mean 0 and variance 1.
Activation OnnxBuilder::batch_normalization(const std::string& name, const Activation& x) {
  const std::vector<std::int64_t> shape{x.channels};
  onnx::NodeProto& made =
      node("BatchNormalization", name,
           {x.name, constant(name + ".weight", shape, 1), constant(name + ".bias", shape, 0),
            constant(name + ".running_mean", shape, 0), constant(name + ".running_var", shape, 1)});
  set_attribute(made, "epsilon", 1e-5F);
  return {name, x.channels};
}

Activation OnnxBuilder::unary(const std::string& type, const std::string& name, const Activation& x) {
  node(type, name, {x.name});
  return {name, x.channels};
}

Activation OnnxBuilder::relu(const std::string& name, const Activation& x) { return unary("Relu", name, x); }

Activation OnnxBuilder::tanh(const std::string& name, const Activation& x) { return unary("Tanh", name, x); }

Activation OnnxBuilder::relu6(const std::string& name, const Activation& x) {
  node("Clip", name, {x.name, constant(name + ".min", {}, 0), constant(name + ".max", {}, 6)});
  return {name, x.channels};
}

Activation OnnxBuilder::pool(const std::string& type, const std::string& name, const Activation& x,
                             const PoolSettings& settings) {
  onnx::NodeProto& made = node(type, name, {x.name});
  set_attribute(made, "kernel_shape", std::vector<std::int64_t>{settings.kernel, settings.kernel});
  set_attribute(made, "strides", std::vector<std::int64_t>{settings.stride, settings.stride});
  set_attribute(made, "pads", std::vector<std::int64_t>(4, settings.pad));
  if (settings.ceil) set_attribute(made, "ceil_mode", std::int64_t{1});
  return {name, x.channels};
}

Activation OnnxBuilder::max_pool(const std::string& name, const Activation& x, const PoolSettings& settings) {
  return pool("MaxPool", name, x, settings);
}

Activation OnnxBuilder::average_pool(const std::string& name, const Activation& x,
                                     const PoolSettings& settings) {
  return pool("AveragePool", name, x, settings);
}

Activation OnnxBuilder::global_average_pool(const std::string& name, const Activation& x) {
  return unary("GlobalAveragePool", name, x);
}

Activation OnnxBuilder::flatten(const std::string& name, const Activation& x) {
  node("Flatten", name, {x.name});
  return {name, x.channels};
}

Activation OnnxBuilder::linear(const std::string& name, const Activation& x, std::int64_t features) {
  onnx::NodeProto& made =
      node("Gemm", name,
           {x.name,
            parameter(name + ".weight", {features, x.channels},
                      weights_.normal(features * x.channels, he_deviation(x.channels, false))),
            constant(name + ".bias", {features}, 0)});
  set_attribute(made, "transB", std::int64_t{1});
  return {name, features};
}

Activation OnnxBuilder::add(const std::string& name, const Activation& a, const Activation& b) {
  node("Add", name, {a.name, b.name});
  return {name, a.channels};
}

Activation OnnxBuilder::concat(const std::string& name, const std::vector<Activation>& parts) {
  Activation joined{name, 0};
  std::vector<std::string> names;
  for (const Activation& part : parts) {
    names.push_back(part.name);
    joined.channels += part.channels;
  }
  set_attribute(node("Concat", name, names), "axis", std::int64_t{1});
  return joined;
}

onnx::ModelProto OnnxBuilder::finish(const Activation& output) && {
  declare(*graph_.add_output(), output.name, {output.channels});
  return std::move(model_);
}

onnx::ModelProto OnnxBuilder::finish(const Activation& output, std::int64_t extent) && {
  declare(*graph_.add_output(), output.name, {output.channels, extent, extent});
  return std::move(model_);
}

}  // namespace layerwatt
