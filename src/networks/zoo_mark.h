// SPDX-License-Identifier: Apache-2.0
// How a file says that its weights are random: one metadata entry, written by the zoo and read back by
// read_onnx, so that no run of such a network can be taken for one with trained weights.
#pragma once
#include <onnx/onnx_pb.h>

#include <string>

namespace layerwatt {

inline constexpr const char* weights_key = "layerwatt.weights";

inline std::string random_weights_mark(std::uint64_t seed) { return "random, seed " + std::to_string(seed); }

inline bool has_random_weights(const onnx::ModelProto& model) {
  for (const onnx::StringStringEntryProto& entry : model.metadata_props())
    if (entry.key() == weights_key && entry.value().rfind("random", 0) == 0) return true;
  return false;
}

}  // namespace layerwatt
