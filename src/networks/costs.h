// SPDX-License-Identifier: Apache-2.0
// What one execution of a node costs by counting: multiply-accumulates, parameters, bytes. Counts follow the
// convention of torchvision's tables: a MAC is one multiplication with its addition; biases, normalisation,
// activations and pools count none; running statistics are no parameters.
#pragma once
#include "networks/graph.h"

namespace layerwatt {

// 0 for operators that do not multiply and accumulate; nothing when a shape is missing or the operator's
// inside is not known (functions, subgraphs, other domains, Einsum, Attention).
std::optional<std::int64_t> macs_of(const Graph& graph, const Node& node);

// Elements of constants that training adjusts: floating-point or quantised, of rank 1 or more.
std::optional<std::int64_t> parameters_of(const Graph& graph, const Node& node);

// Every tensor that the node reads or writes, constants included, each once.
std::optional<std::int64_t> bytes_of(const Graph& graph, const Node& node);

}  // namespace layerwatt
