// SPDX-License-Identifier: Apache-2.0
// See node_names.h.
#include "networks/node_names.h"

#include <fmt/format.h>

#include <unordered_set>

#include "networks/attributes.h"
#include "networks/tensor_size.h"

namespace layerwatt {

namespace {

// Gives each name once; one asked for again is numbered from 2 on. The next number of each name is
// remembered, so that 100 000 nodes of one name do not count from 2 each.
class UniqueNames {
 public:
  // `reserved` are never made by numbering.
  explicit UniqueNames(std::unordered_set<std::string> reserved) : reserved_{std::move(reserved)} {}

  std::string give(const std::string& name, bool may_be_reserved) {
    const bool free = may_be_reserved || reserved_.count(name) == 0;
    if (free && given_.insert(name).second) return name;
    std::size_t& number = next_number_.try_emplace(name, 2).first->second;
    std::string numbered;
    do {
      numbered = fmt::format("{}_{}", name, number++);
    } while (reserved_.count(numbered) > 0 || !given_.insert(numbered).second);
    return numbered;
  }

 private:
  std::unordered_set<std::string> reserved_, given_;
  std::unordered_map<std::string, std::size_t> next_number_;
};

}  // namespace

void name_layers(Graph& graph) {
  std::unordered_set<std::string> in_file;
  for (const Node& node : graph.nodes)
    if (node.is_layer) in_file.insert(node.source->name());
  UniqueNames names{std::move(in_file)};
  for (Node& node : graph.nodes) {
    if (!node.is_layer) continue;
    // ONNX Runtime calls a node without a name the same in its profiles.
    const bool has_name = !node.source->name().empty();
    const std::string wanted =
        has_name ? node.source->name() : fmt::format("{}_{}", node.source->op_type(), node.file_index);
    node.name = names.give(wanted, has_name);
  }
}

std::string described_in_errors(const Node& node) {
  const std::string type = in_quotes(operator_of(*node.source));
  if (node.source->name().empty()) return fmt::format("node {} ({})", node.file_index, type);
  return fmt::format("node {} ({})", in_quotes(node.source->name()), type);
}

}  // namespace layerwatt
