// SPDX-License-Identifier: Apache-2.0
// How many of a classifier's answers are right. Pure.
#pragma once
#include <cstdint>
#include <span>

#include "core/result.h"

namespace layerwatt {

struct AnswerCounts {
  std::uint64_t pictures = 0;
  std::uint64_t top1 = 0, top5 = 0;  // the label is the class with the highest value; is among the five
  std::uint64_t not_finite = 0;      // pictures with an infinity or a NaN among their values: never right
  std::uint64_t classes = 0;
};

// Adds the answers to some pictures: `output` has as many values for each of `batch` pictures, the first of
// which have `labels`. Of equal values the first counts as higher, so that one answer to everything is right
// for one class. malformed: `output` is not of a classifier, or a label is beyond it.
Result<void> count_answers(std::span<const float> output, std::size_t batch,
                           std::span<const std::uint32_t> labels, AnswerCounts& counts);

}  // namespace layerwatt
