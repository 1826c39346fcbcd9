// SPDX-License-Identifier: Apache-2.0
// Element by element conversions. Half precision is IEEE 754 binary16.
#include "engines/onnxruntime_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace layerwatt {

namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t largest_tensor = std::size_t{4} << 30;

// Bits of a half in [0, 1): multiples of 2^-11 are exact in binary16 down to 2^-14.
std::uint16_t half_bits(unsigned multiple_of_2_to_minus_11) {
  if (multiple_of_2_to_minus_11 == 0) return 0;
  int exponent = 0;
  const float fraction = std::frexp(static_cast<float>(multiple_of_2_to_minus_11), &exponent);  // [0.5, 1)
  const auto mantissa = static_cast<unsigned>(std::lround((fraction * 2 - 1) * 1024));
  return static_cast<std::uint16_t>((static_cast<unsigned>(exponent - 1 - 11 + 15) << 10) | mantissa);
}

float half_value(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const auto mantissa = static_cast<float>(bits & 1023);
  float magnitude = 0;
  if (exponent == 0)
    magnitude = std::ldexp(mantissa, -24);
  else if (exponent == 31)
    magnitude = mantissa == 0 ? INFINITY : NAN;
  else
    magnitude = std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

template <class T, class Make>
void fill(std::span<std::byte> bytes, Make make) {
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) {
    const T value = make();
    std::memcpy(&bytes[at], &value, sizeof value);
  }
}

template <class T, class Convert>
void convert(std::span<const std::byte> bytes, std::span<float> out, Convert as_float) {
  for (std::size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
    T value;
    std::memcpy(&value, &bytes[i * sizeof(T)], sizeof value);
    out[i] = as_float(value);
  }
}

}  // namespace

std::size_t size_of(int element_type) {
  switch (static_cast<ElementType>(element_type)) {
    case ElementType::uint8:
    case ElementType::int8:
    case ElementType::boolean: return 1;
    case ElementType::float16: return 2;
    case ElementType::float32:
    case ElementType::int32: return 4;
    case ElementType::int64:
    case ElementType::float64: return 8;
  }
  return 0;
}

Result<TensorMemory> TensorMemory::allocate(const std::string& name, int element_type, const Shape& shape) {
  const std::size_t element = size_of(element_type);
  if (element == 0)
    return Error{
        Errc::unsupported, name,
        fmt::format("has ONNX element type {}; layerwatt feeds float32, float16, float64, int8, uint8, "
                    "int32, int64 and bool",
                    element_type)};
  std::size_t bytes = element;
  for (const std::int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(bytes, static_cast<std::size_t>(extent), &bytes) ||
        bytes > largest_tensor)
      return Error{Errc::unsupported, name, fmt::format("is too large: [{}]", fmt::join(shape, ", "))};
  TensorMemory tensor;
  const std::size_t room = std::max(alignment, (bytes + alignment - 1) / alignment * alignment);
  tensor.data_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, room)));
  if (tensor.data_ == nullptr) return Error{Errc::io, name, fmt::format("no memory for its {} bytes", bytes)};
  tensor.size_ = bytes;
  tensor.shape_ = shape;
  tensor.element_type_ = element_type;
  return tensor;
}

void fill_random(TensorMemory& tensor, std::mt19937_64& generator) {
  const auto bits = [&](int count) { return static_cast<std::uint32_t>(generator() >> (64 - count)); };
  const auto byte = [&] { return static_cast<std::uint8_t>(bits(8)); };
  const auto bytes = tensor.bytes();
  switch (static_cast<ElementType>(tensor.element_type())) {
    case ElementType::float32:
      fill<float>(bytes, [&] { return std::ldexp(static_cast<float>(bits(24)), -24); });
      break;
    case ElementType::float64: fill<double>(bytes, [&] { return std::ldexp(bits(32), -32); }); break;
    case ElementType::float16: fill<std::uint16_t>(bytes, [&] { return half_bits(bits(11)); }); break;
    case ElementType::uint8:
    case ElementType::int8: fill<std::uint8_t>(bytes, byte); break;
    case ElementType::boolean:
      fill<std::uint8_t>(bytes, [&] { return static_cast<std::uint8_t>(bits(1)); });
      break;
    case ElementType::int32:
      fill<std::int32_t>(bytes, [&] { return static_cast<std::int32_t>(bits(1)); });
      break;
    case ElementType::int64:
      fill<std::int64_t>(bytes, [&] { return static_cast<std::int64_t>(bits(1)); });
      break;
  }
}

void copy_as_floats(const TensorMemory& tensor, std::span<float> out) {
  const auto bytes = tensor.bytes();
  const auto plain = [](auto value) { return static_cast<float>(value); };
  switch (static_cast<ElementType>(tensor.element_type())) {
    case ElementType::float32: std::memcpy(out.data(), bytes.data(), bytes.size()); break;
    case ElementType::float64: convert<double>(bytes, out, plain); break;
    case ElementType::float16: convert<std::uint16_t>(bytes, out, half_value); break;
    case ElementType::int8: convert<std::int8_t>(bytes, out, plain); break;
    case ElementType::uint8:
    case ElementType::boolean: convert<std::uint8_t>(bytes, out, plain); break;
    case ElementType::int32: convert<std::int32_t>(bytes, out, plain); break;
    case ElementType::int64: convert<std::int64_t>(bytes, out, plain); break;
  }
}

}  // namespace layerwatt
