// SPDX-License-Identifier: Apache-2.0
// What the two targets of Caffe share: a prototxt with every kind of blob, for caffemodels (constructed), and
// what a refusal must say.
#pragma once
#include "core/result.h"
#include "fuzz_target.h"

namespace layerwatt {

inline constexpr const char* fuzz_net = R"(
name: "fuzz"
layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }
layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 3 group: 2 } }
layer { name: "b" type: "BatchNorm" bottom: "c" top: "c" }
layer { name: "s" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
layer { name: "p" type: "PReLU" bottom: "c" top: "c" }
layer { name: "t" type: "Scale" bottom: "c" top: "t" scale_param { axis: 1 num_axes: -1 } }
layer { name: "f" type: "InnerProduct" bottom: "t" top: "f" inner_product_param { num_output: 3 } }
)";

inline void require_reason(const Error& error) {
  require(!error.where.empty() && !error.detail.empty(), "a refusal says what and where");
}

}  // namespace layerwatt
