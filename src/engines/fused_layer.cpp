// SPDX-License-Identifier: Apache-2.0
// The row of a fused node: what its layers are and cost together.
#include <algorithm>
#include <string_view>

#include "engines/fusion_map.h"

namespace layerwatt {

namespace {

using Indices = std::vector<std::size_t>;

struct Readers {
  std::int64_t inside = 0;  // sources of the node that read the tensor
  bool outside = false;     // somebody else does, or it is an output of the network
};

Readers readers_of(const TensorIndex& tensors, const Indices& sources, const std::string& tensor) {
  Readers readers;
  readers.outside = tensors.outputs.count(tensor) != 0;
  for (const std::size_t l : tensors.readers_of(tensor))
    if (std::binary_search(sources.begin(), sources.end(), l))
      ++readers.inside;
    else
      readers.outside = true;
  return readers;
}

std::optional<std::int64_t> bytes_moved(const Network& network, const TensorIndex& tensors,
                                        const Indices& sources) {
  std::int64_t total = 0;
  for (const std::size_t l : sources) {
    const Layer& layer = network.layers[l];
    if (!layer.bytes) return std::nullopt;
    total += *layer.bytes;
    for (std::size_t k = 0; k < network.produced[l].size(); ++k) {
      // Counted too much: each time a source reads what another made, and the writing when nobody else reads.
      const Readers readers = readers_of(tensors, sources, network.produced[l][k]);
      if (readers.inside == 0) continue;
      const bool known = l < network.produced_bytes.size() && k < network.produced_bytes[l].size();
      if (!known || !network.produced_bytes[l][k]) return std::nullopt;
      total -= (readers.inside + (readers.outside ? 0 : 1)) * *network.produced_bytes[l][k];
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

// Inputs that come from outside the node, outputs that somebody outside reads. Layer::inputs has the shapes
// of all inputs that are no constants, Layer::outputs of all that are not left out.
void take_shapes(const Network& network, const TensorIndex& tensors, const Indices& sources, Layer& row) {
  for (const std::size_t l : sources) {
    const Layer& layer = network.layers[l];
    std::size_t k = 0;
    for (const auto& tensor : network.consumed[l]) {
      if (!tensors.is_activation(tensor) || k == layer.inputs.size()) continue;
      const Shape& shape = layer.inputs[k++];
      const auto maker = tensors.maker.find(tensor);
      const bool made_inside =
          maker != tensors.maker.end() && std::binary_search(sources.begin(), sources.end(), maker->second);
      if (!made_inside) row.inputs.push_back(shape);
    }
    k = 0;
    for (const auto& tensor : network.produced[l]) {
      if (tensor.empty() || k == layer.outputs.size()) continue;
      const Shape& shape = layer.outputs[k++];
      const Readers readers = readers_of(tensors, sources, tensor);
      if (readers.inside == 0 || readers.outside) row.outputs.push_back(shape);
    }
  }
}

}  // namespace

Layer fused_layer(const Network& network, const TensorIndex& tensors, const Indices& sources) {
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
    row.source_macs.push_back(layer.macs.value_or(-1));
    if (!layer.module.empty()) module = module ? common_module(*module, layer.module) : layer.module;
    row.macs = row.macs && layer.macs ? std::optional{*row.macs + *layer.macs} : std::nullopt;
    row.parameters = row.parameters && layer.parameters ? std::optional{*row.parameters + *layer.parameters}
                                                        : std::nullopt;
    if (row.kernel.empty()) row.kernel = layer.kernel;
    if (row.stride.empty()) row.stride = layer.stride;
    if (!row.groups) row.groups = layer.groups;
  }
  row.module = module.value_or("");
  take_shapes(network, tensors, sources, row);
  row.bytes = bytes_moved(network, tensors, sources);
  return row;
}

}  // namespace layerwatt
