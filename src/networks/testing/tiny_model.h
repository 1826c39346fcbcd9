// SPDX-License-Identifier: Apache-2.0
// Small ONNX models for tests, written down node by node. What it makes is constructed, never recorded.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace layerwatt {

class TinyModel {
 public:
  explicit TinyModel(std::int64_t opset = 13) {
    model.set_ir_version(7);
    import("", opset);
    graph().set_name("tiny");
  }

  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  TinyModel& import(const std::string& domain, std::int64_t version) {
    auto& opset = *model.add_opset_import();
    opset.set_domain(domain);
    opset.set_version(version);
    return *this;
  }

  // A dimension of -1 is left without a value.
  static void declare(onnx::ValueInfoProto& value, const std::string& name,
                      const std::vector<std::int64_t>& shape, int type = onnx::TensorProto::FLOAT) {
    value.set_name(name);
    auto& tensor = *value.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape();
    for (const std::int64_t dimension : shape) {
      auto& made = *tensor.mutable_shape()->add_dim();
      if (dimension != -1) made.set_dim_value(dimension);
    }
  }

  TinyModel& input(const std::string& name, const std::vector<std::int64_t>& shape,
                   int type = onnx::TensorProto::FLOAT) {
    declare(*graph().add_input(), name, shape, type);
    return *this;
  }

  TinyModel& output(const std::string& name, const std::vector<std::int64_t>& shape = {},
                    int type = onnx::TensorProto::FLOAT) {
    declare(*graph().add_output(), name, shape, type);
    if (shape.empty()) graph().mutable_output(graph().output_size() - 1)->clear_type();
    return *this;
  }

  // Zeros in raw_data, as many bytes as the shape needs.
  TinyModel& weights(const std::string& name, const std::vector<std::int64_t>& shape,
                     int type = onnx::TensorProto::FLOAT, std::size_t element_size = 4) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    std::size_t bytes = element_size;
    for (const std::int64_t dimension : shape) {
      tensor.add_dims(dimension);
      bytes *= static_cast<std::size_t>(dimension);
    }
    tensor.set_raw_data(std::string(bytes, '\0'));
    return *this;
  }

  TinyModel& integers(const std::string& name, const std::vector<std::int64_t>& values) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(static_cast<std::int64_t>(values.size()));
    for (const std::int64_t value : values) tensor.add_int64_data(value);
    return *this;
  }

  // The output is named after the node, or "<type>_out".
  TinyModel& node(const std::string& type, const std::string& name, const std::vector<std::string>& inputs,
                  std::vector<std::string> outputs = {}) {
    onnx::NodeProto& made = *graph().add_node();
    made.set_op_type(type);
    made.set_name(name);
    for (const std::string& input : inputs) made.add_input(input);
    if (outputs.empty()) outputs = {name.empty() ? type + "_out" : name};
    for (const std::string& output : outputs) made.add_output(output);
    return *this;
  }

  onnx::NodeProto& last() { return *graph().mutable_node(graph().node_size() - 1); }

  // Attributes of the last node.
  TinyModel& with(const std::string& name, std::int64_t value) {
    auto& attribute = *last().add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
    return *this;
  }
  TinyModel& with(const std::string& name, const std::vector<std::int64_t>& values) {
    auto& attribute = *last().add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) attribute.add_ints(value);
    return *this;
  }
  TinyModel& with(const std::string& name, const std::string& text) {
    auto& attribute = *last().add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::STRING);
    attribute.set_s(text);
    return *this;
  }
  TinyModel& in_domain(const std::string& domain) {
    last().set_domain(domain);
    return *this;
  }

  [[nodiscard]] std::string bytes() const { return model.SerializeAsString(); }

  onnx::ModelProto model;
};

}  // namespace layerwatt
