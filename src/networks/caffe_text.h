// SPDX-License-Identifier: Apache-2.0
// A prototxt taken apart: the tree of fields that protobuf's text format writes down, each with its line. It
// knows nothing of what the fields mean. Format: https://protobuf.dev/reference/protobuf/textformat-spec/
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace layerwatt {

struct CaffeField;

struct CaffeMessage {
  std::size_t line = 0;
  std::vector<CaffeField> fields;  // in the order of the file, repeated ones one by one
};

struct CaffeField {
  std::string name;
  std::size_t line = 0;
  std::string value;                      // a number, word or string as written, without quotes
  std::unique_ptr<CaffeMessage> message;  // of a field in braces; `value` is empty then
};

// malformed: not text of this format, not UTF-8, nested more than 20 deep, or far more than any network has;
// the message names the line. `path` is for errors.
Result<CaffeMessage> parse_caffe_text(std::string_view text, const std::string& path);

}  // namespace layerwatt
