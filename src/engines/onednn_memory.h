// SPDX-License-Identifier: Apache-2.0
// What one context of engine onednn computes in: values between layers and scratch space. The first one has
// the memory that the network was built with; others have copies of all that is written. Weights are shared.
#pragma once
#include <vector>

#include "engines/onednn_network.h"

namespace layerwatt {

struct OnednnMemory {
  std::vector<OnednnArguments> of_step;
  std::unordered_map<std::string, dnnl::memory> inputs;
  dnnl::memory output;
  std::vector<dnnl::memory> owned;  // what the above looks at
};

OnednnMemory memory_of(const OnednnNetwork& network, const dnnl::engine& engine);
OnednnMemory another_memory(const OnednnNetwork& network, const dnnl::engine& engine);

}  // namespace layerwatt
