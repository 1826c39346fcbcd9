// SPDX-License-Identifier: Apache-2.0
// See caffe_graph.h.
#include "networks/caffe_graph.h"

#include <fmt/format.h>

#include <cstring>

#include "networks/tensor_size.h"

namespace layerwatt {

CaffeGraph::CaffeGraph(const CaffeNet& net, CaffeParameters source)
    : parameters{std::move(source)}, path_{net.path} {
  model_.set_ir_version(7);
  model_.set_producer_name("layerwatt");
  auto& opset = *model_.add_opset_import();
  opset.set_domain("");
  opset.set_version(13);
  model_.mutable_graph()->set_name(net.name);
}

std::string CaffeGraph::unused(const std::string& wanted) {
  const std::string stem = wanted.empty() ? "blob" : wanted;
  std::string name = stem;
  // Numbers go on where they stopped: a hostile net may give one name to all of its layers.
  for (std::size_t& number = numbers_[stem]; !names_.insert(name).second;)
    name = fmt::format("{}_{}", stem, ++number + 1);
  return name;
}

onnx::NodeProto& CaffeGraph::node(const char* type, const std::string& name,
                                  const std::vector<std::string>& inputs, const std::string& output) {
  onnx::NodeProto& made = *model_.mutable_graph()->add_node();
  made.set_op_type(type);
  made.set_name(name);
  for (const std::string& input : inputs) made.add_input(input);
  made.add_output(output);
  return made;
}

std::string CaffeGraph::constant(const std::string& name, const Shape& shape,
                                 const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return parameter(name, shape, std::move(bytes));
}

std::string CaffeGraph::integers(const std::string& name, const std::vector<std::int64_t>& values) {
  onnx::TensorProto& tensor = *model_.mutable_graph()->add_initializer();
  tensor.set_name(unused(name));
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  for (const std::int64_t value : values) tensor.add_int64_data(value);
  return tensor.name();
}

std::string CaffeGraph::parameter(const std::string& name, const Shape& shape,
                                  std::optional<std::string> bytes) {
  onnx::TensorProto& tensor = *model_.mutable_graph()->add_initializer();
  tensor.set_name(unused(name));
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dimension : shape) tensor.add_dims(dimension);
  if (bytes)
    tensor.set_raw_data(std::move(*bytes));
  else  // as wire_skeleton.h says it
    tensor.mutable_segment()->set_begin(bytes_of(shape, onnx::TensorProto::FLOAT).value_or(0));
  return tensor.name();
}

void CaffeGraph::declare(onnx::ValueInfoProto& value, const CaffeTensor& tensor, bool open_batch) {
  value.set_name(tensor.name);
  auto& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape();
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    auto& dimension = *type.mutable_shape()->add_dim();
    if (i == 0 && open_batch)
      dimension.set_dim_param("batch");
    else
      dimension.set_dim_value(tensor.shape[i]);
  }
}

onnx::NodeProto& CaffeStep::node(const char* type, const std::vector<std::string>& more) const {
  std::vector<std::string> inputs{input().name};
  inputs.insert(inputs.end(), more.begin(), more.end());
  return graph.node(type, layer.name, inputs, names.front());
}

Result<std::string> CaffeStep::parameter(std::size_t index, const char* name, const Shape& shape,
                                         RandomValues like) const {
  if (const auto absurd = absurdity_of(shape)) return malformed(fmt::format("its {} {}", name, *absurd));
  auto values = graph.parameters.values(layer, index, shape, like);
  if (!values) return values.error();
  return graph.parameter(layer.name + "." + name, shape, std::move(*values));
}

Error CaffeStep::unsupported(const std::string& why) const {
  return {Errc::unsupported, graph.path(),
          fmt::format("line {}: layer {} ({}): {}", layer.source->line, in_quotes(layer.name),
                      in_quotes(layer.type), why)};
}

Error CaffeStep::malformed(const std::string& why) const {
  Error error = unsupported(why);
  error.code = Errc::malformed;
  return error;
}

Result<std::size_t> axis_of(const CaffeStep& step, std::int64_t axis, std::size_t rank) {
  const auto dimensions = static_cast<std::int64_t>(rank);
  const std::int64_t counted = axis < 0 ? axis + dimensions : axis;
  if (counted < 0 || counted >= dimensions)
    return step.malformed(fmt::format("axis {} is none of {} dimensions", axis, rank));
  return static_cast<std::size_t>(counted);
}

}  // namespace layerwatt
