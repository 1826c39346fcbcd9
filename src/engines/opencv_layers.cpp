// SPDX-License-Identifier: Apache-2.0
// OpenCV 4.6, modules/dnn/src: fused layers are skipped and have time 0 (net.cpp), and nodes of ONNX are
// named onnx_node!NODE, or onnx_node_output_0!TENSOR where the node has no name (onnx_importer.cpp).
#include "engines/opencv_layers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "engines/fusion_map.h"
#include "engines/tensor_index.h"

namespace layerwatt {

std::string network_name(const std::string& opencv_name) {
  const std::size_t mark = opencv_name.find('!');
  return opencv_name.starts_with("onnx_node") && mark != std::string::npos ? opencv_name.substr(mark + 1)
                                                                           : opencv_name;
}

OpencvRows map_opencv(const Network& network, const std::vector<OpencvLayer>& listed) {
  const TensorIndex tensors{network};
  std::unordered_map<std::string, std::size_t> index;  // by name, and by the tensor where that is the name
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    index.emplace(network.layers[l].name, l);
    for (const std::string& tensor : network.produced[l])
      if (!tensor.empty()) index.emplace(tensor, l);
  }
  // Which executed layer computes each layer of the network.
  std::vector<std::optional<std::size_t>> computed_by(network.layers.size());
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const auto found = index.find(network_name(listed[i].name));
    if (listed[i].executed && found != index.end() && !computed_by[found->second])
      computed_by[found->second] = i;
  }
  OpencvRows rows;
  std::map<std::size_t, std::vector<std::size_t>> sources;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    // By the last one that made something for it: a sum goes into the later of two convolutions.
    if (!computed_by[l])
      for (const std::string& tensor : network.consumed[l]) {
        const auto maker = tensors.maker.find(tensor);
        if (maker != tensors.maker.end() && maker->second < l && computed_by[maker->second])
          computed_by[l] = std::max(computed_by[l], computed_by[maker->second]);
      }
    if (computed_by[l])
      sources[*computed_by[l]].push_back(l);
    else
      rows.removed.push_back(network.layers[l].name);
  }
  for (std::size_t i = 0; i < listed.size(); ++i) {
    if (!listed[i].executed) continue;
    const auto found = sources.find(i);
    Layer row;
    if (found != sources.end()) {
      row = fused_layer(network, tensors, found->second);
    } else {  // of OpenCV's own making
      row.name = network_name(listed[i].name);
      row.type = "layout";
      row.macs = 0;
      row.parameters = 0;
    }
    row.implementation = listed[i].type;
    rows.layers.push_back(std::move(row));
    rows.executed.push_back(i);
  }
  return rows;
}

}  // namespace layerwatt
