// SPDX-License-Identifier: Apache-2.0
// The end of what a child wrote to standard error: what a person wants to see when it crashed.
#pragma once
#include <string>

namespace layerwatt {

class LastWords {
 public:
  // Borrows a descriptor that does not block. With `pass_on`, what comes goes on to our standard error.
  LastWords(int descriptor, bool pass_on) : descriptor_{descriptor}, pass_on_{pass_on} {}
  // Takes what has come, without waiting. False once the other side has closed.
  bool take();
  // Printable, at most 4 KiB, its lines indented; empty when nothing was said.
  [[nodiscard]] std::string text() const;

 private:
  int descriptor_;
  bool pass_on_;
  std::string kept_;
};

}  // namespace layerwatt
