// SPDX-License-Identifier: Apache-2.0
// Writes a tiny model to disk and reads it back as users' files are read.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "networks/network.h"
#include "networks/testing/scratch_folder.h"
#include "networks/testing/tiny_model.h"

namespace layerwatt {

inline Result<Network> read_bytes(const std::string& bytes, std::int64_t batch = 1) {
  const ScratchFolder folder;
  return read_onnx(folder.write("model.onnx", bytes), {batch});
}

inline Network describe(const TinyModel& model, std::int64_t batch = 1) {
  auto network = read_bytes(model.bytes(), batch);
  EXPECT_TRUE(network) << network.error().detail;
  return network ? std::move(*network) : Network{};
}

// The message of the refusal that a model must meet.
inline std::string refusal_of(const std::string& bytes) {
  const auto network = read_bytes(bytes);
  if (network) {
    ADD_FAILURE() << "was not refused";
    return "";
  }
  EXPECT_EQ(network.error().code, Errc::malformed) << network.error().detail;
  EXPECT_NE(network.error().where.find("model.onnx"), std::string::npos) << network.error().where;
  return network.error().detail;
}
inline std::string refusal_of(const TinyModel& model) { return refusal_of(model.bytes()); }

}  // namespace layerwatt
