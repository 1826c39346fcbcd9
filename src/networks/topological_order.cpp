// SPDX-License-Identifier: Apache-2.0
// See topological_order.h. Kahn's algorithm.
#include "networks/topological_order.h"

#include <functional>
#include <queue>

#include "networks/node_names.h"

namespace layerwatt {

namespace {

template <class Visit>
void for_each_producer(const Graph& graph, const Node& node, Visit&& visit) {
  for (const auto& input : node.inputs)
    if (input && graph.tensors[*input].producer) visit(*graph.tensors[*input].producer);
  for (const std::size_t input : node.captured)
    if (graph.tensors[input].producer) visit(*graph.tensors[input].producer);
}

// `waits_for` says for how many producers each node still waits.
std::string describe_cycle(const Graph& graph, const std::vector<std::size_t>& waits_for) {
  // Whoever waits waits for somebody; after as many steps as there are nodes we are inside the cycle.
  std::vector<std::size_t> waited_for(graph.nodes.size(), 0);
  std::size_t at = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (waits_for[i] == 0) continue;
    at = i;
    for_each_producer(graph, graph.nodes[i], [&](std::size_t producer) {
      if (waits_for[producer] > 0) waited_for[i] = producer;
    });
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) at = waited_for[at];
  std::string text = "is cyclic: " + described_in_errors(graph.nodes[at]);
  constexpr int most_named = 4;
  int named = 0;
  for (std::size_t step = waited_for[at]; step != at; step = waited_for[step]) {
    if (++named == most_named) return text + " reads from others, which in the end read from it";
    text += " reads from " + described_in_errors(graph.nodes[step]) + ", which";
  }
  return text + " reads from the first";
}

}  // namespace

Result<std::vector<std::size_t>> topological_order(const Graph& graph) {
  const std::size_t count = graph.nodes.size();
  std::vector<std::size_t> waits_for(count, 0);
  std::vector<std::vector<std::size_t>> readers(count);
  for (std::size_t i = 0; i < count; ++i)
    for_each_producer(graph, graph.nodes[i], [&](std::size_t producer) {
      ++waits_for[i];
      readers[producer].push_back(i);
    });
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < count; ++i)
    if (waits_for[i] == 0) ready.push(i);
  std::vector<std::size_t> order;
  order.reserve(count);
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const std::size_t reader : readers[order.back()])
      if (--waits_for[reader] == 0) ready.push(reader);
  }
  if (order.size() < count) return Error{Errc::malformed, graph.path, describe_cycle(graph, waits_for)};
  return order;
}

}  // namespace layerwatt
