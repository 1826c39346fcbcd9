// SPDX-License-Identifier: Apache-2.0
// The wire format of protobuf, field by field, from a file that is never in memory as a whole. What claims
// more than there is, is found before anything is allocated. Format:
// https://protobuf.dev/programming-guides/encoding/
#pragma once
#include <cstdint>
#include <string>

#include "core/result.h"
#include "networks/model_file.h"

namespace layerwatt {

struct WireField {
  std::uint32_t number = 0;
  std::uint32_t wire_type = 0;
  std::uint64_t key = 0;    // number and wire type as read
  std::uint64_t value = 0;  // of a varint
  std::uint64_t begin = 0;  // of the content of a length-delimited field, or of a fixed one
  std::uint64_t end = 0;
};

class WireReader {
 public:
  // What the file should be, for errors: "an ONNX model" in the format "ONNX".
  WireReader(ModelFile& file, const char* what, const char* format)
      : file_{file}, what_{what}, format_{format} {}

  // Reads the head of the field at `at` and moves `at` behind the field. `owner` names the message, for
  // errors.
  Result<WireField> next_field(const char* owner, std::uint64_t& at, std::uint64_t end);
  // Reads the number at `at` and moves `at` behind it.
  Result<std::uint64_t> varint(std::uint64_t& at, std::uint64_t end);
  [[nodiscard]] Error damaged(std::uint64_t at, const std::string& what) const;

 private:
  ModelFile& file_;
  const char *what_, *format_;
};

}  // namespace layerwatt
