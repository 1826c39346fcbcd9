// SPDX-License-Identifier: Apache-2.0
// See caffe_operators.h.
#include "networks/caffe_operators.h"

#include <array>
#include <limits>

namespace layerwatt {

namespace {

constexpr std::size_t any = std::numeric_limits<std::size_t>::max();

constexpr std::array operators{
    CaffeOperator{"AbsVal", nullptr, caffe::absolute},
    CaffeOperator{"BNLL", nullptr, caffe::softplus},
    CaffeOperator{"BatchNorm", "batch_norm_param", caffe::batch_norm},
    CaffeOperator{"Bias", "bias_param", caffe::bias},
    CaffeOperator{"Concat", "concat_param", caffe::concat, 1, any},
    CaffeOperator{"Convolution", "convolution_param", caffe::convolution},
    CaffeOperator{"Deconvolution", "convolution_param", caffe::deconvolution},
    CaffeOperator{"DepthwiseConvolution", "convolution_param", caffe::convolution},
    CaffeOperator{"Dropout", "dropout_param", caffe::pass_on},
    CaffeOperator{"ELU", "elu_param", caffe::elu},
    CaffeOperator{"Eltwise", "eltwise_param", caffe::eltwise, 2, any},
    CaffeOperator{"Flatten", "flatten_param", caffe::flatten},
    CaffeOperator{"InnerProduct", "inner_product_param", caffe::inner_product},
    CaffeOperator{"LRN", "lrn_param", caffe::local_response},
    CaffeOperator{"PReLU", "prelu_param", caffe::prelu},
    CaffeOperator{"Pooling", "pooling_param", caffe::pooling},
    CaffeOperator{"Power", "power_param", caffe::power},
    CaffeOperator{"ReLU", "relu_param", caffe::relu},
    CaffeOperator{"ReLU6", nullptr, caffe::relu6},
    CaffeOperator{"Reshape", "reshape_param", caffe::reshape},
    CaffeOperator{"Scale", "scale_param", caffe::scale, 1, 2},
    CaffeOperator{"Sigmoid", "sigmoid_param", caffe::sigmoid},
    CaffeOperator{"Slice", "slice_param", caffe::slice, 1, 1, 1, any},
    CaffeOperator{"Softmax", "softmax_param", caffe::softmax},
    CaffeOperator{"Split", nullptr, caffe::pass_on, 1, 1, 1, any},
    CaffeOperator{"TanH", "tanh_param", caffe::tanh},
};

}  // namespace

const CaffeOperator* caffe_operator(const std::string& type) {
  for (const CaffeOperator& one : operators)
    if (type == one.type) return &one;
  return nullptr;
}

std::string caffe_operator_names() {
  std::string names;
  for (const CaffeOperator& one : operators) names += (names.empty() ? "" : ", ") + std::string{one.type};
  return names;
}

}  // namespace layerwatt
