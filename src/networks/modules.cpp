// SPDX-License-Identifier: Apache-2.0
// See modules.h. Naming habits: Caffe "fire3/squeeze1x1"; PyTorch state dictionaries "layer2.0.conv1.weight";
// torch.onnx since 1.13 "/layer2/layer2.0/conv1/Conv".
#include "networks/modules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "networks/attributes.h"

namespace layerwatt {

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (end != 0) parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::string joined(const std::vector<std::string>& parts, std::size_t count) {
  return fmt::format("{}", fmt::join(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(count), "."));
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The module of a leaf: up to the first numbers inside the path ("layer2.0" of "layer2.0.downsample.0", for
// a number counts blocks), else all but the last name and its number ("features" of "features.0").
std::string module_of_leaf(const std::vector<std::string>& path) {
  std::size_t begin = 0;
  while (begin < path.size() && !is_number(path[begin])) ++begin;
  std::size_t end = begin;
  while (end < path.size() && is_number(path[end])) ++end;
  if (end < path.size()) return joined(path, end);
  if (begin < path.size()) return joined(path, begin);
  return path.empty() ? "" : joined(path, path.size() - 1);
}

// "Conv", "Conv_12": the last part of a name that torch.onnx made.
bool is_operator_suffix(const std::string& part, const std::string& type) {
  if (part.rfind(type, 0) != 0) return false;
  return part.size() == type.size() || (part[type.size()] == '_' && is_number(part.substr(type.size() + 1)));
}

// "/layer2/layer2.0/conv1/Conv" -> layer2, 0, conv1: a child of a sequence repeats its parent's name.
std::vector<std::string> torch_path(const std::string& name, const std::string& type) {
  std::vector<std::string> parts = split(name, '/');
  if (!parts.empty() && is_operator_suffix(parts.back(), type)) parts.pop_back();
  std::vector<std::string> path;
  std::string parent;
  for (const std::string& part : parts) {
    const bool repeats = !parent.empty() && part.rfind(parent + ".", 0) == 0;
    for (std::string& step : split(repeats ? std::string_view{part}.substr(parent.size()) : part, '.'))
      path.push_back(std::move(step));
    parent = part;
  }
  return path;
}

struct NamedLayer {
  std::vector<std::string> path;
  bool from_torch = false;
};

class ModuleNames {
 public:
  explicit ModuleNames(const Graph& graph) : graph_{graph}, modules_(graph.nodes.size()) {}

  std::vector<std::string> from_names() {
    std::vector<NamedLayer> named(graph_.nodes.size());
    std::set<std::string> containers;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      named[i] = named_layer(graph_.nodes[i]);
      if (!named[i].from_torch) continue;
      for (std::size_t length = 1; length < named[i].path.size(); ++length)
        containers.insert(joined(named[i].path, length));
    }
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      std::vector<std::string>& path = named[i].path;
      if (path.empty()) continue;
      // An operator that stands directly in a container is a leaf of it without a name.
      if (named[i].from_torch && containers.count(joined(path, path.size())) > 0) path.emplace_back("leaf");
      modules_[i] = module_of_leaf(path);
    }
    return modules_;
  }

  std::vector<std::string> from_parameters() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (!node.is_layer) continue;
      const auto path = parameter_path(node);
      if (!path.empty())
        modules_[i] = module_of_leaf(path);
      else if (follows_its_input(node))
        modules_[i] = module_of_input(node);
    }
    return modules_;
  }

 private:
  [[nodiscard]] NamedLayer named_layer(const Node& node) const {
    const std::string& name = node.source->name();
    constexpr std::size_t longest = 1000;  // no module is that deep, but a hostile name can be
    if (!node.is_layer || name.empty() || name.size() > longest) return {};
    if (name.front() == '/') return {torch_path(name, node.source->op_type()), true};
    if (const auto slash = name.rfind('/'); slash != std::string::npos)
      return {{name.substr(0, slash), name.substr(slash + 1)}, false};
    if (name.find('.') != std::string::npos) return {split(name, '.'), false};
    return {};
  }

  // Of the first constant that a person named: the layer's path without "weight".
  [[nodiscard]] std::vector<std::string> parameter_path(const Node& node) const {
    for (const auto& input : node.inputs) {
      if (!input || !graph_.tensors[*input].constant) continue;
      const std::string& name = graph_.tensors[*input].name;
      if (name.find("::") != std::string::npos || name.find('/') != std::string::npos) continue;
      std::vector<std::string> path = split(name, '.');
      if (path.size() < 2) continue;
      path.pop_back();
      return path;
    }
    return {};
  }

  static bool follows_its_input(const Node& node) {
    static const std::set<std::string_view> followers{"Add",         "BatchNormalization",
                                                      "Clip",        "Concat",
                                                      "Elu",         "Gelu",
                                                      "HardSigmoid", "HardSwish",
                                                      "LeakyRelu",   "Mul",
                                                      "PRelu",       "Relu",
                                                      "Selu",        "Sigmoid",
                                                      "Softplus",    "Tanh"};
    return followers.count(node.source->op_type()) > 0;
  }

  [[nodiscard]] std::string module_of_input(const Node& node) const {
    if (node.inputs.empty() || !node.inputs[0]) return "";
    const auto& producer = graph_.tensors[*node.inputs[0]].producer;
    return producer ? modules_[*producer] : "";
  }

  const Graph& graph_;
  std::vector<std::string> modules_;
};

// Between two points where a single activation is alive, everything belongs together; if more than one layer
// lies between, the network branches there. Numbered "block1", "block2", ...
std::vector<std::string> modules_from_cuts(const Graph& graph) {
  const std::size_t count = graph.nodes.size();
  std::vector<std::optional<std::size_t>> last_reader(graph.tensors.size());
  for (std::size_t i = 0; i < count; ++i) {
    for (const auto& input : graph.nodes[i].inputs)
      if (input) last_reader[*input] = i;
    for (const std::size_t input : graph.nodes[i].captured) last_reader[input] = i;
  }
  std::vector<std::string> modules(count);
  std::vector<std::size_t> region;
  std::size_t alive = 0, blocks = 0;
  for (const std::size_t input : graph.inputs) alive += last_reader[input] ? 1 : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Node& node = graph.nodes[i];
    if (!node.is_layer) continue;
    region.push_back(i);
    for (const auto& output : node.outputs) alive += output && last_reader[*output] ? 1 : 0;
    std::set<std::size_t> read(node.captured.begin(), node.captured.end());
    for (const auto& input : node.inputs)
      if (input) read.insert(*input);
    for (const std::size_t input : read)
      alive -= !graph.tensors[input].constant && last_reader[input] == i ? 1 : 0;
    if (alive > 1) continue;
    // A region that is most of the network (as in a U-Net) tells nothing.
    if (region.size() > 1 && 2 * region.size() <= count) {
      ++blocks;
      for (const std::size_t member : region) modules[member] = fmt::format("block{}", blocks);
    }
    region.clear();
  }
  return modules;
}

bool tells_something(const std::vector<std::string>& modules) {
  return std::any_of(modules.begin(), modules.end(),
                     [](const std::string& module) { return !module.empty(); });
}

}  // namespace

std::vector<std::string> modules_of(const Graph& graph) {
  ModuleNames names{graph};
  if (auto modules = names.from_names(); tells_something(modules)) return modules;
  if (auto modules = names.from_parameters(); tells_something(modules)) return modules;
  return modules_from_cuts(graph);
}

}  // namespace layerwatt
