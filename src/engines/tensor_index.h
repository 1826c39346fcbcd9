// SPDX-License-Identifier: Apache-2.0
// Who makes and who reads each tensor of a network, by name.
#pragma once
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "networks/network.h"

namespace layerwatt {

struct TensorIndex {
  explicit TensorIndex(const Network& network);
  // Made by a layer or given to the network; all others are constants.
  [[nodiscard]] bool is_activation(const std::string& tensor) const {
    return maker.count(tensor) != 0 || inputs.count(tensor) != 0;
  }
  [[nodiscard]] const std::vector<std::size_t>& readers_of(const std::string& tensor) const {
    static const std::vector<std::size_t> nobody;
    const auto found = readers.find(tensor);
    return found == readers.end() ? nobody : found->second;
  }

  std::unordered_map<std::string, std::size_t> maker;  // index of the layer
  std::unordered_map<std::string, std::vector<std::size_t>>
      readers;                                      // indices of layers, each once, ascending
  std::unordered_set<std::string> inputs, outputs;  // of the network
};

inline TensorIndex::TensorIndex(const Network& network) {
  for (const auto& input : network.inputs) inputs.insert(input.name);
  for (const auto& output : network.outputs) outputs.insert(output.name);
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    for (const auto& tensor : network.produced[l])
      if (!tensor.empty()) maker.emplace(tensor, l);
    for (const auto& tensor : network.consumed[l]) {
      if (tensor.empty()) continue;
      auto& list = readers[tensor];
      if (list.empty() || list.back() != l) list.push_back(l);
    }
  }
}

}  // namespace layerwatt
