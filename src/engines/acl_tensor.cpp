// SPDX-License-Identifier: Apache-2.0
// Shapes and strides: https://arm-software.github.io/ComputeLibrary/v20.08/, "Tensors, padding, border".
#include "engines/acl_tensor.h"

#include <cstring>

namespace layerwatt {

namespace {

constexpr std::size_t pictures = 4;

// Calls `row`(offset in bytes, first value, values, bytes from one value to the next) for each last
// dimension.
template <class Row>
void each_row(const arm_compute::ITensorInfo& info, const Shape& shape, AclOrder order, Row row) {
  const std::size_t rank = shape.size();
  const auto stride = [&](std::size_t dimension) {
    return info.strides_in_bytes()[acl_dimension(shape, order, dimension)];
  };
  const auto length = rank == 0 ? std::size_t{1} : static_cast<std::size_t>(shape.back());
  const std::size_t step = rank == 0 ? sizeof(float) : stride(rank - 1);
  std::size_t rows = 1;
  for (std::size_t d = 0; d + 1 < rank; ++d) rows *= static_cast<std::size_t>(shape[d]);
  for (std::size_t number = 0; number < rows; ++number) {
    std::size_t offset = info.offset_first_element_in_bytes(), rest = number;
    for (std::size_t d = rank - 1; d-- > 0 && rank > 1;) {
      offset += rest % static_cast<std::size_t>(shape[d]) * stride(d);
      rest /= static_cast<std::size_t>(shape[d]);
    }
    row(offset, number * length, length, step);
  }
}

}  // namespace

std::size_t acl_dimension(const Shape& shape, AclOrder order, std::size_t dimension) {
  if (order == AclOrder::onnx) return shape.size() - 1 - dimension;
  constexpr std::size_t of_picture[pictures] = {3, 0, 2, 1};  // batch, channels, height, width
  return of_picture[dimension];
}

arm_compute::TensorInfo acl_info(const Shape& shape, AclOrder order) {
  arm_compute::TensorShape extents{1U};
  for (std::size_t d = 0; d < shape.size(); ++d)
    extents.set(acl_dimension(shape, order, d), static_cast<std::size_t>(shape[d]), false);
  arm_compute::TensorInfo info{extents, 1, arm_compute::DataType::F32};
  info.set_data_layout(order == AclOrder::channels_last ? arm_compute::DataLayout::NHWC
                                                        : arm_compute::DataLayout::NCHW);
  return info;
}

bool lies_alike(const Shape& shape) {
  return shape.size() != pictures || shape[1] == 1 || (shape[2] == 1 && shape[3] == 1);
}

void copy_in(std::span<const float> values, const Shape& shape, AclOrder order, arm_compute::Tensor& tensor) {
  each_row(*tensor.info(), shape, order,
           [&](std::size_t offset, std::size_t first, std::size_t length, std::size_t step) {
             std::uint8_t* to = tensor.buffer() + offset;
             if (step == sizeof(float)) {
               std::memcpy(to, &values[first], length * sizeof(float));
               return;
             }
             for (std::size_t i = 0; i < length; ++i)
               std::memcpy(to + i * step, &values[first + i], sizeof(float));
           });
}

void copy_out(const arm_compute::Tensor& tensor, const Shape& shape, AclOrder order,
              std::span<float> values) {
  each_row(*tensor.info(), shape, order,
           [&](std::size_t offset, std::size_t first, std::size_t length, std::size_t step) {
             const std::uint8_t* from = tensor.buffer() + offset;
             if (step == sizeof(float)) {
               std::memcpy(&values[first], from, length * sizeof(float));
               return;
             }
             for (std::size_t i = 0; i < length; ++i)
               std::memcpy(&values[first + i], from + i * step, sizeof(float));
           });
}

}  // namespace layerwatt
