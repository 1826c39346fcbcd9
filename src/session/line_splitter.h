// SPDX-License-Identifier: Apache-2.0
// Lines out of pieces of text, however those are cut; a line that never ends takes no more memory than
// others.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace layerwatt {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t longest = 65536) : longest_{longest} {}
  // Calls `line(text, too_long)` for every line that ends in this piece, without its end; of one that is too
  // long, with what had come before it was.
  template <class Line>
  void add(std::string_view piece, Line&& line) {
    while (true) {
      const std::size_t end = piece.find('\n');
      const std::string_view part = piece.substr(0, end);
      if (begun_.size() + part.size() > longest_)
        too_long_ = true;
      else if (!too_long_)
        begun_ += part;
      if (end == std::string_view::npos) return;
      line(std::string_view{begun_}, too_long_);
      begun_.clear();
      too_long_ = false;
      piece.remove_prefix(end + 1);
    }
  }
  // What came of a line that has not ended.
  [[nodiscard]] std::string_view begun() const { return begun_; }

 private:
  std::size_t longest_;
  std::string begun_;
  bool too_long_ = false;
};

}  // namespace layerwatt
