// SPDX-License-Identifier: Apache-2.0
// Which types of Caffe's layers are converted, and what by. Each converter writes the ONNX nodes of one layer
// and says what its tops are. What a type computes: the layers of BVLC Caffe 1.0, src/caffe/layers.
#pragma once
#include <string>
#include <vector>

#include "networks/caffe_graph.h"

namespace layerwatt {

using CaffeTops = Result<std::vector<CaffeTensor>>;

struct CaffeOperator {
  const char* type;
  const char* parameters;  // the message with its settings; null when there is none
  CaffeTops (*convert)(CaffeStep& step);
  std::size_t least_bottoms = 1, most_bottoms = 1, least_tops = 1, most_tops = 1;
};

// Null for types that are not converted.
const CaffeOperator* caffe_operator(const std::string& type);
// "Convolution, Deconvolution, ...", for errors.
std::string caffe_operator_names();

namespace caffe {

// caffe_convolutions.cpp
CaffeTops convolution(CaffeStep& step);
CaffeTops deconvolution(CaffeStep& step);
CaffeTops inner_product(CaffeStep& step);
// caffe_pools.cpp
CaffeTops pooling(CaffeStep& step);
// caffe_normalisations.cpp
CaffeTops local_response(CaffeStep& step);
CaffeTops softmax(CaffeStep& step);
// caffe_scales.cpp
CaffeTops batch_norm(CaffeStep& step);
CaffeTops scale(CaffeStep& step);
CaffeTops bias(CaffeStep& step);
// caffe_activations.cpp
CaffeTops relu(CaffeStep& step);
CaffeTops relu6(CaffeStep& step);
CaffeTops prelu(CaffeStep& step);
CaffeTops elu(CaffeStep& step);
CaffeTops sigmoid(CaffeStep& step);
CaffeTops tanh(CaffeStep& step);
CaffeTops absolute(CaffeStep& step);
CaffeTops softplus(CaffeStep& step);
CaffeTops power(CaffeStep& step);
// caffe_joins.cpp
CaffeTops concat(CaffeStep& step);
CaffeTops eltwise(CaffeStep& step);
CaffeTops slice(CaffeStep& step);
CaffeTops pass_on(CaffeStep& step);
CaffeTops flatten(CaffeStep& step);
CaffeTops reshape(CaffeStep& step);

}  // namespace caffe

}  // namespace layerwatt
