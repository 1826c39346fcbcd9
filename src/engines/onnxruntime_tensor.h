// SPDX-License-Identifier: Apache-2.0
// Memory of one tensor: what it is filled with, and what is in it as numbers. Knows ONNX's element types, not
// ONNX Runtime.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"
#include "networks/network.h"

namespace layerwatt {

// Numbers of TensorProto.DataType in onnx.proto, which ONNX Runtime uses too.
enum class ElementType {
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  int32 = 6,
  int64 = 7,
  boolean = 9,
  float16 = 10,
  float64 = 11
};

// Bytes of one element; 0 for types that layerwatt does not feed.
std::size_t size_of(int element_type);

// Memory that kernels like, aligned to a cache line, not initialised.
class TensorMemory {
 public:
  // unsupported: a type layerwatt does not feed, or more than 4 GiB. `name` is the tensor's, for the message.
  static Result<TensorMemory> allocate(const std::string& name, int element_type, const Shape& shape);
  [[nodiscard]] std::span<std::byte> bytes() { return {data_.get(), size_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_.get(), size_}; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] int element_type() const { return element_type_; }
  [[nodiscard]] std::size_t elements() const { return size_ / size_of(element_type_); }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }
  };
  TensorMemory() = default;
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
  Shape shape_;
  int element_type_ = 0;
};

// Random values that any network can be fed: real numbers in [0, 1); 8-bit numbers over their whole range, as
// pixels and quantised tensors are; wider integers 0 or 1, which are valid as mask, token type and index.
// The same generator state gives the same values on every machine.
void fill_random(TensorMemory& tensor, std::mt19937_64& generator);

// The values as floats; `out` has room for all elements.
void copy_as_floats(const TensorMemory& tensor, std::span<float> out);

}  // namespace layerwatt
