// SPDX-License-Identifier: Apache-2.0
// A model without its weights: one pass over the protobuf wire format of an ONNX file that copies what a
// description needs and steps over the data of large tensors, documentation, and fields it does not know.
// So a description of a 1 GB network costs kilobytes, and a message that claims more than the file holds is
// found, with its place, before anything is allocated. Field numbers: onnx.proto of ONNX 1.12.
#pragma once
#include <cstdint>
#include <string>

#include "core/result.h"
#include "networks/model_file.h"

namespace onnx {
class TensorProto;
}

namespace layerwatt {

// Wire bytes of the reduced ModelProto. malformed: damaged or truncated wire format, nested too deeply, or
// more structure than any network has; the message names the byte.
Result<std::string> read_wire_skeleton(ModelFile& file);

// What was left out of a tensor. TensorProto.segment, which no exporter writes, carries it through the
// skeleton; a segment found in the file itself is dropped.
struct LeftOut {
  std::int64_t raw_bytes = 0;    // of raw_data
  std::int64_t typed_bytes = 0;  // of float_data, int32_data, ...: at least one byte an element
  [[nodiscard]] bool any() const { return raw_bytes > 0 || typed_bytes > 0; }
};
LeftOut left_out_of(const onnx::TensorProto& tensor);

}  // namespace layerwatt
