// SPDX-License-Identifier: Apache-2.0
// The table of well-formed byte sequences is Unicode 15, section 3.9, table 3-7.
#include "markers/printable.h"

#include <cstddef>

namespace layerwatt {

namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
}

bool within(unsigned byte, unsigned low, unsigned high) { return byte >= low && byte <= high; }

// Bytes of the character that `text` starts with; 0 when it starts with none that may be shown.
std::size_t character(std::string_view text) {
  const unsigned a = byte_at(text, 0), b = byte_at(text, 1), c = byte_at(text, 2), d = byte_at(text, 3);
  if (within(a, 0x20, 0x7e)) return 1;
  // C2 80 to C2 9F are the C1 control characters.
  if (within(a, 0xc2, 0xdf)) return within(b, a == 0xc2 ? 0xa0U : 0x80U, 0xbf) ? 2 : 0;
  if (within(a, 0xe0, 0xef)) {
    const unsigned low = a == 0xe0 ? 0xa0U : 0x80U, high = a == 0xed ? 0x9fU : 0xbfU;
    return within(b, low, high) && within(c, 0x80, 0xbf) ? 3 : 0;
  }
  if (within(a, 0xf0, 0xf4)) {
    const unsigned low = a == 0xf0 ? 0x90U : 0x80U, high = a == 0xf4 ? 0x8fU : 0xbfU;
    return within(b, low, high) && within(c, 0x80, 0xbf) && within(d, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character(text);
    if (length == 0)
      clean += '?';
    else
      clean += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

}  // namespace layerwatt
