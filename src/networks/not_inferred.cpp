// SPDX-License-Identifier: Apache-2.0
// See not_inferred.h.
#include "networks/not_inferred.h"

#include <fmt/format.h>

#include "networks/tensor_size.h"

namespace layerwatt {

namespace {
constexpr std::size_t most_reasons = 50;
}

void NotInferred::add(const std::string& reason, const std::string& layer) {
  const auto known = index_.find(reason);
  if (known != index_.end()) {
    ++reasons_[known->second].layers;
    return;
  }
  if (reasons_.size() == most_reasons) {
    ++not_kept_;
    return;
  }
  index_[reason] = reasons_.size();
  reasons_.push_back({reason, layer, 1});
}

void NotInferred::add(const std::string& sentence) {
  if (reasons_.size() < most_reasons)
    reasons_.push_back({sentence, "", 0});
  else
    ++not_kept_;
}

std::vector<std::string> NotInferred::sentences() const {
  std::vector<std::string> sentences;
  for (const Reason& reason : reasons_) {
    if (reason.layers == 0)
      sentences.push_back(reason.text);
    else if (reason.layers == 1)
      sentences.push_back(fmt::format("{} (layer {})", reason.text, in_quotes(reason.first_layer)));
    else
      sentences.push_back(fmt::format("{} ({} layers, the first is {})", reason.text, reason.layers,
                                      in_quotes(reason.first_layer)));
  }
  if (not_kept_ > 0) sentences.push_back(fmt::format("and {} more of this kind", not_kept_));
  return sentences;
}

}  // namespace layerwatt
