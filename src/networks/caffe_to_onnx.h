// SPDX-License-Identifier: Apache-2.0
// A whole Caffe net as an ONNX model: opset 13, batch left open, blobs that layers overwrite in-place under
// names of their own. One walk over the layers; what each becomes is in caffe_operators.h.
#pragma once
#include <onnx/onnx_pb.h>

#include "core/result.h"
#include "networks/caffe_net.h"
#include "networks/caffe_parameters.h"

namespace layerwatt {

// Without numbers in `parameters` the model can be described, but not run.
Result<onnx::ModelProto> caffe_to_onnx(const CaffeNet& net, CaffeParameters parameters);

}  // namespace layerwatt
