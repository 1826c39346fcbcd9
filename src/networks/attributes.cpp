// SPDX-License-Identifier: Apache-2.0
// See attributes.h.
#include "networks/attributes.h"

namespace layerwatt {

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, std::string_view name) {
  for (const onnx::AttributeProto& attribute : node.attribute())
    if (attribute.name() == name) return &attribute;
  return nullptr;
}

std::optional<std::int64_t> integer_attribute(const onnx::NodeProto& node, std::string_view name) {
  const onnx::AttributeProto* attribute = find_attribute(node, name);
  if (attribute == nullptr || !attribute->has_i()) return std::nullopt;
  return attribute->i();
}

std::optional<std::vector<std::int64_t>> integers_attribute(const onnx::NodeProto& node,
                                                            std::string_view name) {
  const onnx::AttributeProto* attribute = find_attribute(node, name);
  if (attribute == nullptr) return std::nullopt;
  return std::vector<std::int64_t>(attribute->ints().begin(), attribute->ints().end());
}

std::string text_attribute(const onnx::NodeProto& node, std::string_view name) {
  const onnx::AttributeProto* attribute = find_attribute(node, name);
  return attribute == nullptr ? std::string{} : attribute->s();
}

bool has_subgraph(const onnx::NodeProto& node) {
  for (const onnx::AttributeProto& attribute : node.attribute())
    if (attribute.has_g() || attribute.graphs_size() > 0) return true;
  return false;
}

void set_attribute(onnx::NodeProto& node, const char* name, std::int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void set_attribute(onnx::NodeProto& node, const char* name, float value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
}

void set_attribute(onnx::NodeProto& node, const char* name, const std::vector<std::int64_t>& values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
}

bool is_standard(const onnx::NodeProto& node) { return node.domain().empty() || node.domain() == "ai.onnx"; }

std::string operator_of(const onnx::NodeProto& node) {
  return is_standard(node) ? node.op_type() : node.domain() + "." + node.op_type();
}

}  // namespace layerwatt
