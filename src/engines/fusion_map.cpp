// SPDX-License-Identifier: Apache-2.0
// How ONNX Runtime's optimisers rename things (seen in models it saved with SetOptimizedModelFilePath, 1.25
// to 1.30): a fused node keeps the name of the output it ends in; only the NCHWc transformer gives its
// tensors new names, and puts the name of an original tensor into the node's: "relu1_out_nchwc".
#include "engines/fusion_map.h"

#include <algorithm>
#include <map>
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
  Mapper(const Network& network, const std::vector<ExecutedNode>& nodes);
  std::vector<std::vector<std::size_t>> sources();

 private:
  void find_anchors();
  [[nodiscard]] std::vector<std::size_t> anchors(const ExecutedNode& node) const;
  [[nodiscard]] std::optional<std::size_t> by_name(const ExecutedNode& node) const;
  [[nodiscard]] std::optional<std::size_t> only_reader(const std::string& tensor) const;
  void drop_what_is_not_computed();
  void absorb_forward(std::size_t node);
  void absorb_backward();
  [[nodiscard]] std::vector<std::size_t> readers(std::size_t layer) const;
  [[nodiscard]] bool stays_inside(std::size_t layer) const;
  [[nodiscard]] bool may_perform(const ExecutedNode& node, std::size_t layer) const {
    return owner_[layer] == nobody && (!is_layout(node.operation) || node.operation == type(layer));
  }
  [[nodiscard]] const std::string& type(std::size_t layer) const { return network_.layers[layer].type; }

  const Network& network_;
  const std::vector<ExecutedNode>& nodes_;
  std::unordered_map<std::string, std::size_t> layer_named_, producer_;
  std::unordered_map<std::string, std::vector<std::size_t>> consumers_;
  std::unordered_set<std::string> exists_;  // tensors that executed nodes read or write, by original name
  std::vector<std::size_t> owner_;          // executed node of each layer
  std::vector<bool> dropped_;
};

Mapper::Mapper(const Network& network, const std::vector<ExecutedNode>& nodes)
    : network_{network},
      nodes_{nodes},
      owner_(network.layers.size(), nobody),
      dropped_(network.layers.size(), false) {
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    layer_named_.emplace(network.layers[l].name, l);
    for (const auto& tensor : network.produced[l])
      if (!tensor.empty()) producer_.emplace(tensor, l);
    for (const auto& tensor : network.consumed[l])
      if (!tensor.empty()) consumers_[tensor].push_back(l);
  }
  for (const auto& node : nodes) {
    exists_.insert(node.inputs.begin(), node.inputs.end());
    exists_.insert(node.outputs.begin(), node.outputs.end());
  }
}

// The layer that a node's name speaks of: "conv1", "relu1_out_nchwc", "gelu/GeluFusion/", "fused conv1".
std::optional<std::size_t> Mapper::by_name(const ExecutedNode& node) const {
  std::string name = node.name;
  for (;;) {
    if (const auto layer = layer_named_.find(name); layer != layer_named_.end()) return layer->second;
    if (const auto layer = producer_.find(name); layer != producer_.end()) return layer->second;
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

// The one layer that reads a weight or bias, if only one does.
std::optional<std::size_t> Mapper::only_reader(const std::string& tensor) const {
  const auto layers = consumers_.find(tensor);
  if (producer_.count(tensor) != 0 || layers == consumers_.end() || layers->second.size() != 1)
    return std::nullopt;
  for (const auto& input : network_.inputs)
    if (input.name == tensor) return std::nullopt;
  return layers->second.front();
}

std::vector<std::size_t> Mapper::anchors(const ExecutedNode& node) const {
  std::vector<std::size_t> found;
  const auto add = [&](std::optional<std::size_t> layer) {
    if (layer && may_perform(node, *layer)) found.push_back(*layer);
  };
  for (const auto& tensor : node.outputs) {
    const auto layer = producer_.find(tensor);
    if (layer != producer_.end()) add(layer->second);
  }
  if (found.empty()) add(by_name(node));
  for (const auto& tensor : node.inputs) add(only_reader(tensor));
  return found;
}

void Mapper::find_anchors() {
  for (std::size_t n = 0; n < nodes_.size(); ++n)
    for (const std::size_t layer : anchors(nodes_[n])) owner_[layer] = n;
}

// Layers without a node of their own that need none: they pass their input on, or were folded to a constant.
void Mapper::drop_what_is_not_computed() {
  std::unordered_set<std::string> varies;
  for (const auto& input : network_.inputs) varies.insert(input.name);
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
std::vector<std::size_t> Mapper::readers(std::size_t layer) const {
  std::vector<std::size_t> found;
  for (const auto& tensor : network_.produced[layer]) {
    const auto layers = consumers_.find(tensor);
    if (layers == consumers_.end()) continue;
    for (const std::size_t reader : layers->second) {
      if (!dropped_[reader]) {
        found.push_back(reader);
      } else if (passes_through(type(reader))) {
        const auto further = readers(reader);
        found.insert(found.end(), further.begin(), further.end());
      }
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// No executed node reads or writes what the layer makes, and it is no output of the network.
bool Mapper::stays_inside(std::size_t layer) const {
  for (const auto& tensor : network_.produced[layer]) {
    if (tensor.empty()) continue;
    if (exists_.count(tensor) != 0) return false;
    for (const auto& output : network_.outputs)
      if (output.name == tensor) return false;
  }
  return true;
}

// What follows the node's layer and has no node of its own was fused into this one: Conv + Add + Relu.
void Mapper::absorb_forward(std::size_t node) {
  for (std::size_t l = 0; l < owner_.size();
       ++l) {  // topological: what is absorbed is seen later in this loop
    if (owner_[l] != node || !stays_inside(l)) continue;
    const auto next = readers(l);
    if (next.size() == 1 && owner_[next.front()] == nobody && can_end_a_node(type(next.front())))
      owner_[next.front()] = node;
  }
}

// What only leads into layers of fused nodes was fused into the first of them: Conv before its Relu.
void Mapper::absorb_backward() {
  for (std::size_t l = owner_.size(); l-- > 0;) {
    if (owner_[l] != nobody || dropped_[l]) continue;
    for (const std::size_t reader : readers(l)) owner_[l] = std::min(owner_[l], owner_[reader]);
  }
}

std::vector<std::vector<std::size_t>> Mapper::sources() {
  find_anchors();
  drop_what_is_not_computed();
  // Backwards in time: an Add belongs to the node that runs when both its inputs are there, the later one.
  for (std::size_t n = nodes_.size(); n-- > 0;) absorb_forward(n);
  absorb_backward();
  std::vector<std::vector<std::size_t>> found(nodes_.size());
  for (std::size_t l = 0; l < owner_.size(); ++l)
    if (owner_[l] != nobody) found[owner_[l]].push_back(l);
  return found;
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
  const auto sources = Mapper{network, nodes}.sources();
  FusionMap map;
  std::set<std::string> taken;
  std::vector<bool> performed(network.layers.size(), false);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (const std::size_t l : sources[n]) performed[l] = true;
    map.layers.push_back(sources[n].empty() ? own_layer(nodes[n], taken) : fused_layer(network, sources[n]));
    map.layers.back().implementation = implementation(nodes[n]);
    taken.insert(map.layers.back().name);
  }
  for (std::size_t l = 0; l < performed.size(); ++l)
    if (!performed[l]) map.removed.push_back(network.layers[l].name);
  return map;
}

}  // namespace layerwatt
