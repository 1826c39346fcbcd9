// SPDX-License-Identifier: Apache-2.0
// What the file says about a constant: whether its claim and its data agree, and its value where it is small.
#pragma once
#include <onnx/onnx_pb.h>

#include <optional>
#include <string>

#include "networks/graph.h"

namespace layerwatt {

// "claims 1000000 elements but holds 12 bytes"; nothing when claim and data agree. Data in other files is not
// looked at here.
std::optional<std::string> complaint_about(const onnx::TensorProto& tensor);

void set_constant(Tensor& tensor, const onnx::TensorProto& value);
// From the attributes of a Constant node; a complaint as above when they make no constant.
std::optional<std::string> set_constant(Tensor& tensor, const onnx::NodeProto& constant);

// Whole integer tensors of rank 0 or 1 with at most `most_small_integers` elements.
inline constexpr std::size_t most_small_integers = 512;
std::optional<SmallIntegers> small_integers(const onnx::TensorProto& tensor);

}  // namespace layerwatt
