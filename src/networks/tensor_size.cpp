// SPDX-License-Identifier: Apache-2.0
// See tensor_size.h. Element types: onnx.proto, with the later additions of
// https://onnx.ai/onnx/api/helper.html#tensorproto-datatype
#include "networks/tensor_size.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace layerwatt {

namespace {

struct ElementType {
  const char* name;
  std::int64_t bits;  // 0 = has no fixed size
};

constexpr std::array element_types{
    ElementType{"unknown", 0},        ElementType{"float32", 32},   ElementType{"uint8", 8},
    ElementType{"int8", 8},           ElementType{"uint16", 16},    ElementType{"int16", 16},
    ElementType{"int32", 32},         ElementType{"int64", 64},     ElementType{"string", 0},
    ElementType{"bool", 8},           ElementType{"float16", 16},   ElementType{"float64", 64},
    ElementType{"uint32", 32},        ElementType{"uint64", 64},    ElementType{"complex64", 64},
    ElementType{"complex128", 128},   ElementType{"bfloat16", 16},  ElementType{"float8e4m3fn", 8},
    ElementType{"float8e4m3fnuz", 8}, ElementType{"float8e5m2", 8}, ElementType{"float8e5m2fnuz", 8},
    ElementType{"uint4", 4},          ElementType{"int4", 4},       ElementType{"float4e2m1", 4},
};

const ElementType& element(int code) {
  const bool known = code > 0 && static_cast<std::size_t>(code) < element_types.size();
  return element_types[known ? static_cast<std::size_t>(code) : 0];
}

// No machine holds a tensor of 2^45 elements (32 TiB of bytes); no operator takes 64 dimensions. Below
// these, sums over any network that fits a file stay far from the end of 64 bits.
constexpr std::int64_t most_elements = std::int64_t{1} << 45;
constexpr std::size_t highest_rank = 64;

}  // namespace

std::string name_of_element(int element_type) { return element(element_type).name; }

std::optional<std::int64_t> bits_of_element(int element_type) {
  const std::int64_t bits = element(element_type).bits;
  return bits > 0 ? std::optional{bits} : std::nullopt;
}

std::optional<std::int64_t> checked_product(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::nullopt : std::optional{product};
}

std::optional<std::int64_t> checked_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::nullopt : std::optional{sum};
}

std::optional<std::int64_t> elements_of(const Shape& shape) {
  std::optional<std::int64_t> elements = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (elements) elements = checked_product(*elements, dimension);
  }
  return elements;
}

std::optional<std::int64_t> bytes_of(const Shape& shape, int element_type) {
  const auto elements = elements_of(shape);
  const auto bits = bits_of_element(element_type);
  if (!elements || !bits) return std::nullopt;
  const auto total = checked_product(*elements, *bits);
  // Types below a byte are packed, the last byte filled up.
  return total ? std::optional{*total / 8 + (*total % 8 != 0 ? 1 : 0)} : std::nullopt;
}

std::optional<std::string> absurdity_of(const Shape& shape) {
  if (shape.size() > highest_rank)
    return fmt::format("has {} dimensions, more than the {} any operator takes", shape.size(), highest_rank);
  bool empty = false;
  for (const std::int64_t dimension : shape) {
    if (dimension < -1) return fmt::format("has a negative dimension: [{}]", fmt::join(shape, ", "));
    empty = empty || dimension == 0;
  }
  if (empty) return std::nullopt;
  std::int64_t elements = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) continue;
    const auto product = checked_product(elements, dimension);
    if (!product || *product > most_elements)
      return fmt::format("has more elements than any machine holds: [{}]", fmt::join(shape, ", "));
    elements = *product;
  }
  return std::nullopt;
}

std::string in_quotes(const std::string& name) {
  constexpr std::size_t longest = 80;
  std::string text = "\"";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (text.size() > longest && (byte & 0xc0) != 0x80) {
      text += "...";
      break;
    }
    if (byte < 0x20 || byte == 0x7f)
      text += fmt::format("\\x{:02x}", byte);
    else
      text += c;
  }
  return is_utf8(text) ? text + "\"" : "\"(not UTF-8)\"";
}

bool is_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t length = 1;
    std::uint32_t point = lead;
    if (lead >= 0x80) {
      if (lead >= 0xf0 && lead < 0xf8) {
        length = 4;
        point = lead & 0x07U;
      } else if (lead >= 0xe0 && lead < 0xf0) {
        length = 3;
        point = lead & 0x0fU;
      } else if (lead >= 0xc2 && lead < 0xe0) {
        length = 2;
        point = lead & 0x1fU;
      } else {
        return false;
      }
    }
    if (i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      const auto follow = static_cast<unsigned char>(text[i + k]);
      if ((follow & 0xc0) != 0x80) return false;
      point = (point << 6) | (follow & 0x3fU);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    i += length;
  }
  return true;
}

}  // namespace layerwatt
