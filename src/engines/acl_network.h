// SPDX-License-Identifier: Apache-2.0
// A network as Arm Compute Library computes it: functions in order, each configured for the tensors that it
// reads and writes. Made once; by which algorithm a layer is computed is settled then. Whoever computes walks
// along `steps`.
#pragma once
#include <arm_compute/runtime/IFunction.h>
#include <arm_compute/runtime/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "engines/engine.h"
#include "engines/layer_builder.h"
#include "engines/onnx_model.h"

namespace layerwatt {

struct AclStep {
  Layer layer;  // as reported; type "layout" where values only change their order in memory
  std::vector<std::unique_ptr<arm_compute::IFunction>> functions;
};

struct AclNetwork {
  std::vector<std::unique_ptr<arm_compute::Tensor>> tensors;  // outlive the functions, which point to them
  std::vector<AclStep> steps;
  std::map<std::string, arm_compute::Tensor*> inputs;  // in the order of ONNX, to be filled
  arm_compute::Tensor* output = nullptr;               // the first, in the order of ONNX
  Shape output_shape;
  LayerAccount account;
};

// unsupported: a layer that cannot be computed, with its name; a convolution that cannot be computed as
// asked, if the choice is strict. not_found: the choice names a layer that is no convolution.
Result<AclNetwork> build_acl(const OnnxModel& model, const Network& network, const EngineOptions& options);

}  // namespace layerwatt
