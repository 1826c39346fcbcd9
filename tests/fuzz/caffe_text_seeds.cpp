// SPDX-License-Identifier: Apache-2.0
// Seeds: prototxts of both formats with every kind of layer. Constructed.
#include "caffe_net.h"
#include "fuzz_target.h"

namespace layerwatt {

namespace {

constexpr const char* older = R"(
name: "older" input: "data" input_dim: 10 input_dim: 4 input_dim: 9 input_dim: 9
layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" blobs_lr: 1 convolution_param {
  num_output: 8 pad: 1 kernel_size: 3 stride: 2 group: 2 weight_filler { type: "gaussian" std: 0.01 } } }
layers { name: "r" type: RELU bottom: "c" top: "c" }
layers { name: "n" type: LRN bottom: "c" top: "n" lrn_param { local_size: 5 alpha: 1e-4 beta: 0.75 } }
layers { name: "p" type: POOLING bottom: "n" top: "p" pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 } }
layers { name: "f" type: INNER_PRODUCT bottom: "p" top: "f" inner_product_param { num_output: 10 } }
layers { name: "d" type: DROPOUT bottom: "f" top: "f" dropout_param { dropout_ratio: 0.5 } }
layers { name: "s" type: SOFTMAX bottom: "f" top: "s" }
)";

constexpr const char* joins = R"(
layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST } data_param { batch_size: 5 }
        transform_param { crop_size: 8 mean_value: [1, 2, 3] } }
layer { name: "u" type: "Deconvolution" bottom: "data" top: "u" convolution_param { num_output: 4 kernel_size: 2 stride: 2 } }
layer { name: "a" type: "ELU" bottom: "u" top: "a" } layer { name: "b" type: "TanH" bottom: "u" top: "b" }
layer { name: "e" type: "Eltwise" bottom: "a" bottom: "b" top: "e" eltwise_param { coeff: 1 coeff: -1 } }
layer { name: "x" type: "Slice" bottom: "e" top: "x1" top: "x2" slice_param { slice_point: 1 } }
layer { name: "k" type: "Concat" bottom: "x2" bottom: "x1" top: "k" concat_param { axis: -3 } }
layer { name: "w" type: "LRN" bottom: "k" top: "w" lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 } }
layer { name: "g" type: "Pooling" bottom: "w" top: "g" pooling_param { global_pooling: true pool: AVE } }
layer { name: "gf" type: "Flatten" bottom: "g" top: "gf" }
layer { name: "o" type: "Scale" bottom: "w" bottom: "gf" top: "o" scale_param { axis: 0 } }
layer { name: "h" type: "Reshape" bottom: "o" top: "h" reshape_param { shape { dim: 0 dim: -1 dim: 2 } } }
layer { name: "l" type: "Flatten" bottom: "h" top: "l" flatten_param { axis: 1 end_axis: 2 } }
layer { name: "q" type: "Power" bottom: "l" top: "q" power_param { power: 2 scale: .5 shift: 1e-3 } }
layer { name: "z" type: "SoftmaxWithLoss" bottom: "q" bottom: "label" top: "z" }
)";

}  // namespace

std::vector<std::string> fuzz_seeds() { return {older, joins, fuzz_net}; }

}  // namespace layerwatt
