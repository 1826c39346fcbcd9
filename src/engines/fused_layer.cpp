// SPDX-License-Identifier: Apache-2.0
// The row of a fused node: what its layers are and cost together.
#include <algorithm>
#include <string_view>

#include "engines/fusion_map.h"

namespace layerwatt {

namespace {

using Indices = std::vector<std::size_t>;

std::optional<std::int64_t> elements(const Shape& shape) {
  std::int64_t product = 1;
  for (const std::int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(product, extent, &product)) return std::nullopt;
  return product;
}

// Bytes of one element of a layer's tensors, when they are all of one type: its bytes over its elements.
std::optional<std::int64_t> element_size(const Layer& layer) {
  std::int64_t total = layer.parameters.value_or(0);
  for (const auto* shapes : {&layer.inputs, &layer.outputs})
    for (const auto& shape : *shapes) {
      const auto count = elements(shape);
      if (!count || __builtin_add_overflow(total, *count, &total)) return std::nullopt;
    }
  if (!layer.bytes || total == 0 || *layer.bytes % total != 0) return std::nullopt;
  return *layer.bytes / total;
}

bool reads(const Network& network, std::size_t layer, const std::string& tensor) {
  const auto& read = network.consumed[layer];
  return std::find(read.begin(), read.end(), tensor) != read.end();
}

// How often a tensor is counted in the bytes of the sources though it never leaves the node: once written
// when nobody else reads it, and once for each source that reads it.
std::int64_t times_inside(const Network& network, const Indices& sources, const std::string& tensor) {
  std::int64_t inside = 0;
  bool leaves = std::any_of(network.outputs.begin(), network.outputs.end(),
                            [&](const auto& output) { return output.name == tensor; });
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    if (!reads(network, l, tensor)) continue;
    if (std::binary_search(sources.begin(), sources.end(), l))
      ++inside;
    else
      leaves = true;
  }
  return inside > 0 && !leaves ? inside + 1 : inside;
}

std::optional<std::int64_t> bytes_moved(const Network& network, const Indices& sources) {
  std::int64_t total = 0;
  for (const std::size_t l : sources) {
    const Layer& layer = network.layers[l];
    if (!layer.bytes) return std::nullopt;
    total += *layer.bytes;
    for (std::size_t k = 0; k < network.produced[l].size(); ++k) {
      const std::int64_t times = times_inside(network, sources, network.produced[l][k]);
      if (times == 0) continue;
      const auto size = element_size(layer);
      const auto count = k < layer.outputs.size() ? elements(layer.outputs[k]) : std::nullopt;
      if (!size || !count) return std::nullopt;
      total -= times * *size * *count;
    }
  }
  return total;
}

// What two module paths share, whole components only: "layer1" of "layer1.0" and "layer1.1".
std::string common_module(const std::string& a, const std::string& b) {
  std::size_t end = 0;
  for (std::size_t i = 0; i <= std::min(a.size(), b.size()); ++i) {
    const auto ends_component = [i](const std::string& path) {
      return i == path.size() || path[i] == '.' || path[i] == '/';
    };
    if (ends_component(a) && ends_component(b)) end = i;
    if (i == a.size() || i == b.size() || a[i] != b[i]) break;
  }
  return a.substr(0, end);
}

// Inputs that come from outside the node, outputs that somebody outside reads.
void take_shapes(const Network& network, const Indices& sources, Layer& row) {
  const auto made_inside = [&](const std::string& tensor) {
    return std::any_of(sources.begin(), sources.end(), [&](std::size_t l) {
      const auto& made = network.produced[l];
      return std::find(made.begin(), made.end(), tensor) != made.end();
    });
  };
  for (const std::size_t l : sources) {
    const Layer& layer = network.layers[l];
    for (std::size_t k = 0; k < layer.inputs.size(); ++k)
      if (k >= network.consumed[l].size() || !made_inside(network.consumed[l][k]))
        row.inputs.push_back(layer.inputs[k]);
    for (std::size_t k = 0; k < layer.outputs.size(); ++k) {
      const bool inside =
          k < network.produced[l].size() && times_inside(network, sources, network.produced[l][k]) > 0;
      if (!inside || l == sources.back()) row.outputs.push_back(layer.outputs[k]);
    }
  }
}

}  // namespace

Layer fused_layer(const Network& network, const Indices& sources) {
  if (sources.size() == 1) {
    Layer row = network.layers[sources.front()];
    row.sources = {row.name};
    return row;
  }
  Layer row;
  row.macs = 0;
  row.parameters = 0;
  row.type = network.layers[sources.front()].type;
  std::optional<std::string> module;
  for (const std::size_t l : sources) {
    const Layer& layer = network.layers[l];
    row.name += (row.name.empty() ? "" : " + ") + layer.name;
    row.sources.push_back(layer.name);
    if (!layer.module.empty()) module = module ? common_module(*module, layer.module) : layer.module;
    row.macs = row.macs && layer.macs ? std::optional{*row.macs + *layer.macs} : std::nullopt;
    row.parameters = row.parameters && layer.parameters ? std::optional{*row.parameters + *layer.parameters}
                                                        : std::nullopt;
    if (row.kernel.empty()) row.kernel = layer.kernel;
    if (row.stride.empty()) row.stride = layer.stride;
    if (!row.groups) row.groups = layer.groups;
  }
  row.module = module.value_or("");
  take_shapes(network, sources, row);
  row.bytes = bytes_moved(network, sources);
  return row;
}

}  // namespace layerwatt
