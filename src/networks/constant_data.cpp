// SPDX-License-Identifier: Apache-2.0
// See constant_data.h. Where the data of which type lies: onnx.proto, TensorProto.
#include "networks/constant_data.h"

#include <fmt/format.h>

#include <cstring>

#include "networks/attributes.h"
#include "networks/tensor_size.h"
#include "networks/wire_skeleton.h"

namespace layerwatt {

namespace {

bool is_external(const onnx::TensorProto& tensor) {
  return tensor.data_location() == onnx::TensorProto::EXTERNAL;
}

// In the one field where elements of its type lie; of types that nobody knows yet, in all of them.
std::int64_t typed_entries(const onnx::TensorProto& tensor) {
  switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::COMPLEX64: return tensor.float_data_size();
    case onnx::TensorProto::DOUBLE:
    case onnx::TensorProto::COMPLEX128: return tensor.double_data_size();
    case onnx::TensorProto::INT64: return tensor.int64_data_size();
    case onnx::TensorProto::UINT32:
    case onnx::TensorProto::UINT64: return tensor.uint64_data_size();
    case onnx::TensorProto::STRING: return tensor.string_data_size();
    case onnx::TensorProto::UNDEFINED:
      return std::int64_t{tensor.float_data_size()} + tensor.int32_data_size() + tensor.int64_data_size() +
             tensor.double_data_size() + tensor.uint64_data_size() + tensor.string_data_size();
    default: return tensor.int32_data_size();
  }
}

// That an entry can hold. Two are those of 4 bits.
std::int64_t elements_an_entry(int element_type) {
  const auto bits = bits_of_element(element_type);
  return bits && *bits < 8 ? 2 : 1;
}

template <class Integer>
std::vector<std::int64_t> from_raw(const std::string& raw) {
  std::vector<std::int64_t> values;
  for (std::size_t at = 0; at + sizeof(Integer) <= raw.size(); at += sizeof(Integer)) {
    Integer value{};
    std::memcpy(&value, raw.data() + at, sizeof value);  // raw_data is little-endian, as are our machines
    values.push_back(static_cast<std::int64_t>(value));
  }
  return values;
}

}  // namespace

std::optional<std::string> complaint_about(const onnx::TensorProto& tensor) {
  const Shape shape{tensor.dims().begin(), tensor.dims().end()};
  for (const std::int64_t dimension : shape)
    if (dimension < 0) return fmt::format("has a negative dimension, {}", dimension);
  if (auto absurd = absurdity_of(shape)) return absurd;
  if (is_external(tensor)) return std::nullopt;
  const std::int64_t elements = elements_of(shape).value_or(0);
  const LeftOut left_out = left_out_of(tensor);
  const std::int64_t raw = static_cast<std::int64_t>(tensor.raw_data().size()) + left_out.raw_bytes;
  if (raw > 0) {
    const auto expected = bytes_of(shape, tensor.data_type());
    if (expected && *expected != raw)
      return fmt::format("claims {} elements of {}, {} bytes, but holds {} bytes", elements,
                         name_of_element(tensor.data_type()), *expected, raw);
    return std::nullopt;
  }
  // A counted byte is at most one entry.
  const std::int64_t held =
      (typed_entries(tensor) + left_out.typed_bytes) * elements_an_entry(tensor.data_type());
  if (elements > held)
    return fmt::format("claims {} elements of {} but holds at most {}", elements,
                       name_of_element(tensor.data_type()), held);
  return std::nullopt;
}

std::optional<SmallIntegers> small_integers(const onnx::TensorProto& tensor) {
  if (tensor.dims_size() > 1 || is_external(tensor) || left_out_of(tensor).any()) return std::nullopt;
  SmallIntegers integers;
  integers.scalar = tensor.dims_size() == 0;
  if (tensor.data_type() == onnx::TensorProto::INT64)
    integers.values = tensor.has_raw_data()
                          ? from_raw<std::int64_t>(tensor.raw_data())
                          : std::vector<std::int64_t>(tensor.int64_data().begin(), tensor.int64_data().end());
  else if (tensor.data_type() == onnx::TensorProto::INT32)
    integers.values = tensor.has_raw_data()
                          ? from_raw<std::int32_t>(tensor.raw_data())
                          : std::vector<std::int64_t>(tensor.int32_data().begin(), tensor.int32_data().end());
  else
    return std::nullopt;
  const std::size_t claimed = integers.scalar ? 1 : static_cast<std::size_t>(tensor.dims(0));
  if (integers.values.size() != claimed || claimed > most_small_integers) return std::nullopt;
  return integers;
}

void set_constant(Tensor& tensor, const onnx::TensorProto& value) {
  tensor.constant = true;
  tensor.element_type = value.data_type();
  tensor.shape = Shape{value.dims().begin(), value.dims().end()};
  if (!is_external(value) && !left_out_of(value).any()) tensor.data = &value;
  tensor.integers = small_integers(value);
}

std::optional<std::string> set_constant(Tensor& tensor, const onnx::NodeProto& constant) {
  tensor.constant = true;
  if (const auto* value = find_attribute(constant, "value"); value != nullptr && value->has_t()) {
    if (auto complaint = complaint_about(value->t())) return complaint;
    set_constant(tensor, value->t());
  } else if (const auto integer = integer_attribute(constant, "value_int")) {
    tensor.element_type = onnx::TensorProto::INT64;
    tensor.shape = Shape{};
    tensor.integers = SmallIntegers{{*integer}, true};
  } else if (auto integers = integers_attribute(constant, "value_ints")) {
    tensor.element_type = onnx::TensorProto::INT64;
    tensor.shape = Shape{static_cast<std::int64_t>(integers->size())};
    if (integers->size() <= most_small_integers) tensor.integers = SmallIntegers{std::move(*integers), false};
  } else if (find_attribute(constant, "value_float") != nullptr) {
    tensor.element_type = onnx::TensorProto::FLOAT;
    tensor.shape = Shape{};
  } else if (const auto* floats = find_attribute(constant, "value_floats")) {
    tensor.element_type = onnx::TensorProto::FLOAT;
    tensor.shape = Shape{floats->floats_size()};
  } else if (find_attribute(constant, "value_string") != nullptr) {
    tensor.element_type = onnx::TensorProto::STRING;
    tensor.shape = Shape{};
  } else if (const auto* strings = find_attribute(constant, "value_strings")) {
    tensor.element_type = onnx::TensorProto::STRING;
    tensor.shape = Shape{strings->strings_size()};
  } else if (const auto* sparse = find_attribute(constant, "sparse_value")) {
    const auto& dims = sparse->sparse_tensor().dims();
    Shape shape{dims.begin(), dims.end()};
    if (auto absurd = absurdity_of(shape)) return absurd;
    tensor.element_type = sparse->sparse_tensor().values().data_type();
    tensor.shape = std::move(shape);
  } else {
    return "has no value";
  }
  return std::nullopt;
}

}  // namespace layerwatt
