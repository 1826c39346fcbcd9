// SPDX-License-Identifier: Apache-2.0
// Values of a network as Arm Compute Library holds them: in which order they lie, and copies in and out.
// It counts dimensions from the closest; functions widen the rows of tensors while they are configured, so
// that memory comes last, and every copy goes by strides.
#pragma once
#include <arm_compute/runtime/Tensor.h>

#include <span>

#include "core/vocabulary.h"

namespace layerwatt {

enum class AclOrder {
  onnx,          // the last dimension lies closest
  channels_last  // of four dimensions; what the library computes pictures in
};

arm_compute::TensorInfo acl_info(const Shape& shape, AclOrder order);
// The library's dimension for one of ONNX's.
std::size_t acl_dimension(const Shape& shape, AclOrder order, std::size_t dimension);
// Whether one order is as good as the other.
bool lies_alike(const Shape& shape);

// Values in the order of ONNX. Precondition: the tensor has its memory, and as many values.
void copy_in(std::span<const float> values, const Shape& shape, AclOrder order, arm_compute::Tensor& tensor);
void copy_out(const arm_compute::Tensor& tensor, const Shape& shape, AclOrder order, std::span<float> values);

}  // namespace layerwatt
