// SPDX-License-Identifier: Apache-2.0
// Reading and setting the attributes of a node. Nothing is returned for one that is absent; what a default
// would be is the operator's business.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace layerwatt {

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, std::string_view name);
std::optional<std::int64_t> integer_attribute(const onnx::NodeProto& node, std::string_view name);
std::optional<std::vector<std::int64_t>> integers_attribute(const onnx::NodeProto& node,
                                                            std::string_view name);
std::string text_attribute(const onnx::NodeProto& node, std::string_view name);  // empty when absent
bool has_subgraph(const onnx::NodeProto& node);

void set_attribute(onnx::NodeProto& node, const char* name, std::int64_t value);
void set_attribute(onnx::NodeProto& node, const char* name, float value);
void set_attribute(onnx::NodeProto& node, const char* name, const std::vector<std::int64_t>& values);

// The operator with its domain, as a reader knows it: "Conv", "com.microsoft.FusedConv".
std::string operator_of(const onnx::NodeProto& node);
// The default domain is written "" or "ai.onnx".
bool is_standard(const onnx::NodeProto& node);

}  // namespace layerwatt
