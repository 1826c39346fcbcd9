// SPDX-License-Identifier: Apache-2.0
// What a file says about itself in its metadata: that its weights are random, so that no run of such a
// network can be taken for one with trained weights, and where other operators stand in for those of the
// network it was made from. Written by whatever here writes models, and read back by read_onnx.
#pragma once
#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace layerwatt {

inline constexpr const char* weights_key = "layerwatt.weights";
inline constexpr const char* part_key =
    "layerwatt.part";  // layers of the network that the file was taken from, or the layer it was made for
inline constexpr const char* substitutions_key = "layerwatt.substitutions";  // sentences, one a line

inline std::string random_weights_mark(std::uint64_t seed) { return "random, seed " + std::to_string(seed); }

// In place of what the key said before.
inline void mark(onnx::ModelProto& model, const std::string& key, const std::string& value) {
  onnx::StringStringEntryProto* found = nullptr;
  for (onnx::StringStringEntryProto& entry : *model.mutable_metadata_props())
    if (entry.key() == key) found = &entry;
  if (found == nullptr) found = model.add_metadata_props();
  found->set_key(key);
  found->set_value(value);
}

inline const std::string* mark_of(const onnx::ModelProto& model, const std::string& key) {
  for (const onnx::StringStringEntryProto& entry : model.metadata_props())
    if (entry.key() == key) return &entry.value();
  return nullptr;
}

inline bool has_random_weights(const onnx::ModelProto& model) {
  const std::string* value = mark_of(model, weights_key);
  return value != nullptr && value->rfind("random", 0) == 0;
}

// Empty when the file says nothing, or nothing that can be shown.
std::string part_said_by(const onnx::ModelProto& model);

void mark_substitutions(onnx::ModelProto& model, const std::vector<std::string>& sentences);
// At most 100; a file can claim any number.
std::vector<std::string> substitutions_of(const onnx::ModelProto& model);

}  // namespace layerwatt
