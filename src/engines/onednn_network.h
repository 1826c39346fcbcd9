// SPDX-License-Identifier: Apache-2.0
// A network as oneDNN computes it: primitives in order, each with the memory that it reads and writes. Made
// once; what layers do and by which algorithm is settled then. Scratch space is whoever's who computes.
#pragma once
#include <dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "engines/layer_builder.h"
#include "engines/onnx_model.h"
#include "networks/network.h"

namespace layerwatt {

using OnednnArguments = std::unordered_map<int, dnnl::memory>;

struct OnednnStep {
  Layer layer;  // as reported; type "layout" where values only change their order in memory
  dnnl::primitive primitive;
  OnednnArguments arguments;
};

struct OnednnNetwork {
  std::vector<OnednnStep> steps;
  std::unordered_map<std::string, dnnl::memory> inputs;  // in the order of ONNX, to be filled
  dnnl::memory output;                                   // of the first tensor, in the order of ONNX
  std::vector<dnnl::memory> aliased;                     // what others look at without owning it
  LayerAccount account;
};

// unsupported: a layer that cannot be computed, with its name; a convolution that cannot be computed as
// asked, if the choice is strict. not_found: the choice names a layer that is no convolution.
Result<OnednnNetwork> build_onednn(const dnnl::engine& engine, const OnnxModel& model, const Network& network,
                                   const EngineOptions& options);

}  // namespace layerwatt
