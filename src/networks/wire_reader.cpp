// SPDX-License-Identifier: Apache-2.0
// See wire_reader.h.
#include "networks/wire_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace layerwatt {

Error WireReader::damaged(std::uint64_t at, const std::string& what) const {
  return Error{Errc::malformed, file_.path(),
               fmt::format("is not {}, or is damaged or truncated: at byte {}, {}", what_, at, what)};
}

Result<std::uint64_t> WireReader::varint(std::uint64_t& at, std::uint64_t end) {
  const auto bytes = file_.read(at, static_cast<std::size_t>(std::min<std::uint64_t>(10, end - at)));
  if (!bytes) return bytes.error();
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char byte : *bytes) {
    value |= (static_cast<std::uint64_t>(byte) & 0x7f) << shift;
    shift += 7;
    if ((byte & 0x80) == 0) {
      at += shift / 7;
      return value;
    }
  }
  return damaged(at, "a number does not end");
}

Result<WireField> WireReader::next_field(const char* owner, std::uint64_t& at, std::uint64_t end) {
  const std::uint64_t start = at;
  WireField field;
  const auto key = varint(at, end);
  if (!key) return key.error();
  field.key = *key;
  field.number = static_cast<std::uint32_t>(*key >> 3);
  field.wire_type = static_cast<std::uint32_t>(*key & 7);
  if (field.number == 0 || *key > 0xffffffffU)
    return damaged(start, fmt::format("a {} has a field without a valid number", owner));
  std::uint64_t length = 0;
  switch (field.wire_type) {
    case 0:
    case 2: {
      const auto value = varint(at, end);
      if (!value) return value.error();
      field.value = *value;
      length = field.wire_type == 2 ? *value : 0;
      break;
    }
    case 1: length = 8; break;
    case 5: length = 4; break;
    default:
      return damaged(start, fmt::format("field {} of a {} has wire type {}, which {} does not use",
                                        field.number, owner, field.wire_type, format_));
  }
  if (length > end - at)
    return damaged(start, fmt::format("field {} of a {} claims {} bytes, but only {} are left", field.number,
                                      owner, length, end - at));
  field.begin = at;
  field.end = at + length;
  at = field.end;
  return field;
}

}  // namespace layerwatt
