// SPDX-License-Identifier: Apache-2.0
// Scratch space: https://oneapi-src.github.io/oneDNN/v2/dev_guide_attributes_scratchpad.html.
#include "engines/onednn_memory.h"

#include <algorithm>

namespace layerwatt {

namespace {

using dnnl::memory;

memory::desc scratch_of(const dnnl::primitive& primitive) {
  const auto* wanted =
      dnnl_primitive_desc_query_md(primitive.get_primitive_desc(), dnnl_query_scratchpad_md, 0);
  return wanted != nullptr ? memory::desc{*wanted} : memory::desc{};
}

// One step computes at a time: they share the most that any of them wants.
void add_scratch(OnednnMemory& made, const OnednnNetwork& network, const dnnl::engine& engine) {
  memory::desc most;
  for (const OnednnStep& step : network.steps)
    if (const auto wanted = scratch_of(step.primitive); wanted.get_size() > most.get_size()) most = wanted;
  if (most.get_size() == 0) return;
  const memory scratch{most, engine};
  made.owned.push_back(scratch);
  for (std::size_t i = 0; i < network.steps.size(); ++i)
    if (const auto wanted = scratch_of(network.steps[i].primitive); wanted.get_size() > 0)
      made.of_step[i][DNNL_ARG_SCRATCHPAD] = memory{wanted, engine, scratch.get_data_handle()};
}

}  // namespace

OnednnMemory memory_of(const OnednnNetwork& network, const dnnl::engine& engine) {
  OnednnMemory made;
  for (const OnednnStep& step : network.steps) made.of_step.push_back(step.arguments);
  made.inputs = network.inputs;
  made.output = network.output;
  add_scratch(made, network, engine);
  return made;
}

OnednnMemory another_memory(const OnednnNetwork& network, const dnnl::engine& engine) {
  OnednnMemory made = memory_of(network, engine);
  std::unordered_map<const void*, memory> copies;  // by where the first memory has the values
  const auto copy = [&](const memory& written) {
    const memory own{written.get_desc(), engine};
    if (copies.emplace(written.get_data_handle(), own).second) made.owned.push_back(own);
  };
  for (const auto& [name, input] : network.inputs) copy(input);
  for (const OnednnStep& step : network.steps) copy(step.arguments.at(DNNL_ARG_DST));
  // Two may look at the same values, in other shapes.
  const auto redirect = [&](memory& used) {
    const auto found = copies.find(used.get_data_handle());
    if (found != copies.end()) used = memory{used.get_desc(), engine, found->second.get_data_handle()};
  };
  for (OnednnArguments& arguments : made.of_step)
    for (auto& [role, used] : arguments) redirect(used);
  for (auto& [name, input] : made.inputs) redirect(input);
  redirect(made.output);
  return made;
}

}  // namespace layerwatt
