// SPDX-License-Identifier: Apache-2.0
// How ONNX Runtime's optimisers rename things (seen in models it saved with SetOptimizedModelFilePath, 1.25
// to 1.30): a fused node keeps the name of the output it ends in; only the NCHWc transformer gives its
// tensors new names, and puts the name of an original tensor into the node's: "relu1_out_nchwc".
#include "engines/fusion_map.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace layerwatt {

namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);

// Operators an engine puts in to change the order of a tensor in memory, or its type, between kernels.
bool is_layout(const std::string& operation) {
  return operation == "ReorderInput" || operation == "ReorderOutput" || operation == "Transpose" ||
         operation == "Cast";
}

// Operators that do nothing at inference.
bool passes_through(const std::string& type) { return type == "Identity" || type == "Dropout"; }

// Operators that work element by element and so can end the node before them: activations, sums, scales.
bool can_end_a_node(const std::string& type) {
  static const std::set<std::string> types{
      "Add",  "BatchNormalization", "Clip",    "Div", "Elu", "HardSigmoid", "HardSwish", "Mul", "PRelu",
      "Relu", "LeakyRelu",          "Sigmoid", "Sub", "Sum", "Tanh"};
  return types.count(type) != 0;
}

class Mapper {
 public:
  Mapper(const Network& network, const TensorIndex& tensors, const std::vector<ExecutedNode>& nodes);
  // Layers that each node performs, ascending.
  std::vector<std::vector<std::size_t>> sources();

 private:
  void find_anchors();
  [[nodiscard]] std::optional<std::size_t> by_name(const ExecutedNode& node) const;
  [[nodiscard]] std::optional<std::size_t> owner_of_weight(const std::string& tensor) const;
  void drop_what_is_not_computed();
  void absorb_forward(std::size_t node, std::vector<std::size_t> layers);
  void absorb_backward();
  [[nodiscard]] std::set<std::size_t> readers(std::size_t layer) const;
  [[nodiscard]] bool stays_inside(std::size_t layer) const;
  [[nodiscard]] std::vector<std::vector<std::size_t>> owned() const;
  [[nodiscard]] bool may_perform(const ExecutedNode& node, std::size_t layer) const {
    return owner_[layer] == nobody && (!is_layout(node.operation) || node.operation == type(layer));
  }
  [[nodiscard]] const std::string& type(std::size_t layer) const { return network_.layers[layer].type; }

  const Network& network_;
  const TensorIndex& tensors_;
  const std::vector<ExecutedNode>& nodes_;
  std::unordered_map<std::string, std::size_t> layer_named_;
  std::unordered_map<std::string, int> nodes_reading_;  // how many executed nodes read a tensor
  std::unordered_set<std::string> exists_;  // tensors that executed nodes read or write, by original name
  std::vector<std::size_t> owner_;          // executed node of each layer
  std::vector<bool> dropped_;
};

Mapper::Mapper(const Network& network, const TensorIndex& tensors, const std::vector<ExecutedNode>& nodes)
    : network_{network},
      tensors_{tensors},
      nodes_{nodes},
      owner_(network.layers.size(), nobody),
      dropped_(network.layers.size(), false) {
  for (std::size_t l = 0; l < network.layers.size(); ++l) layer_named_.emplace(network.layers[l].name, l);
  for (const auto& node : nodes) {
    for (const auto& tensor : node.inputs) ++nodes_reading_[tensor];
    exists_.insert(node.inputs.begin(), node.inputs.end());
    exists_.insert(node.outputs.begin(), node.outputs.end());
  }
  exists_.erase("");  // stands for an input or output that is not there
}

// The layer that a node's name speaks of: "conv1", "relu1_out_nchwc", "gelu/GeluFusion/", "fused conv1".
std::optional<std::size_t> Mapper::by_name(const ExecutedNode& node) const {
  std::string name = node.name;
  for (;;) {
    if (const auto layer = layer_named_.find(name); layer != layer_named_.end()) return layer->second;
    if (const auto layer = tensors_.maker.find(name); layer != tensors_.maker.end()) return layer->second;
    constexpr std::string_view prefix = "fused ", suffix = "_nchwc";
    if (name.ends_with(suffix)) {
      name.resize(name.size() - suffix.size());
    } else if (name.starts_with(prefix)) {
      name.erase(0, prefix.size());
    } else if (const auto token = name.rfind("_token_"); token != std::string::npos) {
      name.resize(token);
    } else if (name.ends_with('/') && name.size() > 1) {
      const auto slash = name.rfind('/', name.size() - 2);
      if (slash == std::string::npos) return std::nullopt;
      name.resize(slash);
    } else {
      return std::nullopt;
    }
  }
}

// The layer whose weight or bias this is: one layer reads it, and one node. Optimisers merge equal constants,
// so that many nodes read what one layer read.
std::optional<std::size_t> Mapper::owner_of_weight(const std::string& tensor) const {
  const auto& layers = tensors_.readers_of(tensor);
  if (tensors_.is_activation(tensor) || layers.size() != 1 || nodes_reading_.at(tensor) != 1)
    return std::nullopt;
  return layers.front();
}

void Mapper::find_anchors() {
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const auto own = [&](std::optional<std::size_t> layer) {
      if (!layer || !may_perform(nodes_[n], *layer)) return false;
      owner_[*layer] = n;
      return true;
    };
    bool found = false;
    for (const auto& tensor : nodes_[n].outputs) {
      const auto layer = tensors_.maker.find(tensor);
      if (layer != tensors_.maker.end()) found = own(layer->second) || found;
    }
    if (!found) own(by_name(nodes_[n]));
  }
  for (std::size_t n = 0; n < nodes_.size(); ++n)
    for (const auto& tensor : nodes_[n].inputs)
      if (const auto layer = owner_of_weight(tensor); layer && may_perform(nodes_[n], *layer))
        owner_[*layer] = n;
}

// Layers without a node of their own that need none: they pass their input on, or were folded to a constant.
void Mapper::drop_what_is_not_computed() {
  std::unordered_set<std::string> varies = tensors_.inputs;
  for (std::size_t l = 0; l < owner_.size(); ++l) {
    const auto& read = network_.consumed[l];
    const bool constant = type(l) == "Shape" || type(l) == "Size" ||
                          std::none_of(read.begin(), read.end(),
                                       [&](const std::string& tensor) { return varies.count(tensor) != 0; });
    dropped_[l] = owner_[l] == nobody && (constant || passes_through(type(l)));
    if (owner_[l] == nobody && constant) continue;
    varies.insert(network_.produced[l].begin(), network_.produced[l].end());
  }
}

// Who reads what the layer makes; dropped layers that pass it on are looked through.
std::set<std::size_t> Mapper::readers(std::size_t layer) const {
  std::set<std::size_t> found, looked_through;
  std::vector<std::size_t> makers{layer};
  while (!makers.empty()) {
    const std::size_t maker = makers.back();
    makers.pop_back();
    for (const auto& tensor : network_.produced[maker])
      for (const std::size_t reader : tensors_.readers_of(tensor)) {
        if (!dropped_[reader])
          found.insert(reader);
        else if (passes_through(type(reader)) && looked_through.insert(reader).second)
          makers.push_back(reader);
      }
  }
  return found;
}

// No executed node reads or writes what the layer makes, and it is no output of the network.
bool Mapper::stays_inside(std::size_t layer) const {
  const auto& made = network_.produced[layer];
  return std::none_of(made.begin(), made.end(), [&](const std::string& tensor) {
    return exists_.count(tensor) != 0 || tensors_.outputs.count(tensor) != 0;
  });
}

// What follows the node's layers and has no node of its own was fused into this one: Conv + Add + Relu.
void Mapper::absorb_forward(std::size_t node, std::vector<std::size_t> layers) {
  while (!layers.empty()) {
    const std::size_t layer = layers.back();
    layers.pop_back();
    if (!stays_inside(layer)) continue;
    const auto next = readers(layer);
    if (next.size() != 1 || owner_[*next.begin()] != nobody || !can_end_a_node(type(*next.begin()))) continue;
    owner_[*next.begin()] = node;
    layers.push_back(*next.begin());
  }
}

// What only leads into layers of fused nodes was fused into the first of them: Conv before its Relu.
void Mapper::absorb_backward() {
  for (std::size_t l = owner_.size(); l-- > 0;) {
    if (owner_[l] != nobody || dropped_[l]) continue;
    for (const std::size_t reader : readers(l)) owner_[l] = std::min(owner_[l], owner_[reader]);
  }
}

std::vector<std::vector<std::size_t>> Mapper::owned() const {
  std::vector<std::vector<std::size_t>> found(nodes_.size());
  for (std::size_t l = 0; l < owner_.size(); ++l)
    if (owner_[l] != nobody) found[owner_[l]].push_back(l);
  return found;
}

std::vector<std::vector<std::size_t>> Mapper::sources() {
  find_anchors();
  drop_what_is_not_computed();
  // Backwards in time: an Add belongs to the node that runs when both its inputs are there, the later one.
  const auto anchored = owned();
  for (std::size_t n = nodes_.size(); n-- > 0;) absorb_forward(n, anchored[n]);
  absorb_backward();
  return owned();
}

// The row of a node that performs no layer of the network.
Layer own_layer(const ExecutedNode& node, std::set<std::string>& taken) {
  Layer layer;
  const std::string name = node.name.empty() ? node.operation : node.name;
  layer.name = name;
  for (int i = 2; !taken.insert(layer.name).second; ++i) layer.name = name + " (" + std::to_string(i) + ")";
  layer.type = is_layout(node.operation) ? "layout" : node.operation;
  return layer;
}

std::string implementation(const ExecutedNode& node) {
  const auto dot = node.domain.rfind('.');
  const bool special = dot != std::string::npos && node.domain != "com.microsoft" && node.domain != "ai.onnx";
  return special ? node.operation + " (" + node.domain.substr(dot + 1) + ")" : node.operation;
}

}  // namespace

FusionMap map_fusion(const Network& network, const std::vector<ExecutedNode>& nodes) {
  const TensorIndex tensors{network};
  const auto sources = Mapper{network, tensors, nodes}.sources();
  FusionMap map;
  std::set<std::string> taken;
  std::vector<bool> performed(network.layers.size(), false);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (const std::size_t l : sources[n]) performed[l] = true;
    map.layers.push_back(sources[n].empty() ? own_layer(nodes[n], taken)
                                            : fused_layer(network, tensors, sources[n]));
    map.layers.back().implementation = implementation(nodes[n]);
    taken.insert(map.layers.back().name);
  }
  for (std::size_t l = 0; l < performed.size(); ++l)
    if (!performed[l]) map.removed.push_back(network.layers[l].name);
  return map;
}

}  // namespace layerwatt
