// SPDX-License-Identifier: Apache-2.0
// By which algorithm convolutions are asked to be computed: all by one, and some layers by others. What an
// engine can do is its business. The algorithms are those that the TX1 paper compares, and the engine's own
// choice.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "core/result.h"

namespace layerwatt {

enum class ConvolutionAlgorithm {
  automatic,  // the engine's own choice
  direct,
  gemm,  // a matrix of patches times one of weights
  winograd
};

const char* name_of(ConvolutionAlgorithm algorithm);  // "auto", "direct", "gemm", "winograd"
Result<ConvolutionAlgorithm> convolution_algorithm(const std::string& name);

struct ConvolutionChoice {
  ConvolutionAlgorithm usual = ConvolutionAlgorithm::automatic;
  std::map<std::string, ConvolutionAlgorithm> of_layer;  // by the layer's name in the network
  bool strict = false;  // what cannot be computed as asked is an error, not left to the engine

  [[nodiscard]] ConvolutionAlgorithm of(const std::string& layer) const;
  [[nodiscard]] bool asks_for_something() const;
};

// Lines of a name and an algorithm, apart by spaces; what follows a # is for people. malformed: another line,
// a name twice; with its number.
Result<std::map<std::string, ConvolutionAlgorithm>> read_layer_algorithms(const std::filesystem::path& file);

}  // namespace layerwatt
