// SPDX-License-Identifier: Apache-2.0
// Names and the file of exceptions.
#include "engines/convolution_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

namespace layerwatt {

namespace {

using Named = std::pair<const char*, ConvolutionAlgorithm>;
constexpr std::array<Named, 4> algorithms{{{"auto", ConvolutionAlgorithm::automatic},
                                           {"direct", ConvolutionAlgorithm::direct},
                                           {"gemm", ConvolutionAlgorithm::gemm},
                                           {"winograd", ConvolutionAlgorithm::winograd}}};
constexpr std::size_t longest_line = 4096;

}  // namespace

const char* name_of(ConvolutionAlgorithm algorithm) {
  return std::find_if(algorithms.begin(), algorithms.end(),
                      [&](const Named& one) { return one.second == algorithm; })
      ->first;
}

Result<ConvolutionAlgorithm> convolution_algorithm(const std::string& name) {
  for (const auto& [known, algorithm] : algorithms)
    if (name == known) return algorithm;
  return Error{Errc::not_found, name,
               "no such algorithm of convolution; one of auto, direct, gemm, winograd"};
}

ConvolutionAlgorithm ConvolutionChoice::of(const std::string& layer) const {
  const auto own = of_layer.find(layer);
  return own == of_layer.end() ? usual : own->second;
}

bool ConvolutionChoice::asks_for_something() const {
  return usual != ConvolutionAlgorithm::automatic || !of_layer.empty();
}

Result<std::map<std::string, ConvolutionAlgorithm>> read_layer_algorithms(const std::filesystem::path& file) {
  std::ifstream lines{file};
  if (!lines || std::filesystem::is_directory(file))
    return Error{Errc::not_found, file.string(), "cannot be read: a file of lines LAYER ALGORITHM is wanted"};
  std::map<std::string, ConvolutionAlgorithm> found;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string where = fmt::format("{}:{}", file.string(), number);
    if (line.size() > longest_line) return Error{Errc::malformed, where, "is longer than any such line"};
    line.erase(std::min(line.find('#'), line.size()));
    const auto end = line.find_last_not_of(" \t\r");
    if (end == std::string::npos) continue;
    line.erase(end + 1);
    const auto begin = line.find_first_not_of(" \t");
    const auto space = line.find_last_of(" \t");
    if (space == std::string::npos || space < begin)
      return Error{Errc::malformed, where, "is not LAYER ALGORITHM, as in: layer1.0.conv1 winograd"};
    const auto algorithm = convolution_algorithm(line.substr(space + 1));
    if (!algorithm)
      return Error{Errc::malformed, where, algorithm.error().where + ": " + algorithm.error().detail};
    const std::string layer = line.substr(begin, line.find_last_not_of(" \t", space) + 1 - begin);
    if (!found.emplace(layer, *algorithm).second)
      return Error{Errc::malformed, where, "names layer " + layer + " a second time"};
  }
  return found;
}

}  // namespace layerwatt
