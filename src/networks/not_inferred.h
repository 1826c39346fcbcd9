// SPDX-License-Identifier: Apache-2.0
// Collects what could not be worked out, as sentences: one for each reason with the layers it met, so that a
// network of 100 000 unknown operators still gives a text that can be read.
#pragma once
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace layerwatt {

class NotInferred {
 public:
  // `reason` is a sentence without its full stop; layers with the same one are counted together.
  void add(const std::string& reason, const std::string& layer);
  void add(const std::string& sentence);
  [[nodiscard]] std::vector<std::string> sentences() const;

 private:
  struct Reason {
    std::string text, first_layer;
    std::size_t layers = 0;
  };
  std::vector<Reason> reasons_;
  std::unordered_map<std::string, std::size_t> index_;
  std::size_t not_kept_ = 0;
};

}  // namespace layerwatt
