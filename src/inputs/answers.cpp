// SPDX-License-Identifier: Apache-2.0
// See answers.h.
#include "inputs/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace layerwatt {

Result<void> count_answers(std::span<const float> output, std::size_t batch,
                           std::span<const std::uint32_t> labels, AnswerCounts& counts) {
  const std::size_t classes = output.size() / batch;
  if (classes < 2 || classes * batch != output.size())
    return Error{
        Errc::malformed, "--labels",
        fmt::format("the network's first output has {} values for {} picture{}, which is no classifier's",
                    output.size(), batch, batch == 1 ? "" : "s")};
  counts.classes = classes;
  for (std::size_t picture = 0; picture < labels.size(); ++picture) {
    const std::uint32_t label = labels[picture];
    if (label >= classes)
      return Error{
          Errc::malformed, "--labels",
          fmt::format("name class {}, and the network has {}: 0 to {}", label, classes, classes - 1)};
    const auto values = output.subspan(picture * classes, classes);
    ++counts.pictures;
    if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
      ++counts.not_finite;
      continue;
    }
    std::size_t ahead = 0;
    for (std::size_t other = 0; other < classes; ++other)
      ahead += values[other] > values[label] || (values[other] == values[label] && other < label) ? 1U : 0U;
    counts.top1 += ahead < 1 ? 1U : 0U;
    counts.top5 += ahead < 5 ? 1U : 0U;
  }
  return {};
}

}  // namespace layerwatt
