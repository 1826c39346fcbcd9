// SPDX-License-Identifier: Apache-2.0
// Words for a sentence: "a, b, c".
#pragma once
#include <string>

namespace layerwatt {

template <class Words>
std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace layerwatt
