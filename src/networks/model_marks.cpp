// SPDX-License-Identifier: Apache-2.0
// See model_marks.h.
#include "networks/model_marks.h"

#include <algorithm>

#include "networks/tensor_size.h"

namespace layerwatt {

void mark_substitutions(onnx::ModelProto& model, const std::vector<std::string>& sentences) {
  std::string lines;
  for (const std::string& sentence : sentences) lines += (lines.empty() ? "" : "\n") + sentence;
  if (!lines.empty()) mark(model, substitutions_key, lines);
}

std::string part_said_by(const onnx::ModelProto& model) {
  constexpr std::size_t longest = 1000;  // two names of layers
  const std::string* layers = mark_of(model, part_key);
  return layers != nullptr && layers->size() <= longest && is_utf8(*layers) ? *layers : std::string{};
}

std::vector<std::string> substitutions_of(const onnx::ModelProto& model) {
  constexpr std::size_t most_sentences = 100;
  std::vector<std::string> sentences;
  const std::string* lines = mark_of(model, substitutions_key);
  if (lines == nullptr || !is_utf8(*lines)) return sentences;
  for (std::size_t from = 0; from < lines->size() && sentences.size() < most_sentences;) {
    const std::size_t end = std::min(lines->find('\n', from), lines->size());
    if (end > from) sentences.push_back(lines->substr(from, end - from));
    from = end + 1;
  }
  return sentences;
}

}  // namespace layerwatt
