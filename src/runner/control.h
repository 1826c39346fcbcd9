// SPDX-License-Identifier: Apache-2.0
// Lines over the control socket, the runner's end. Knows nothing of what they say.
#pragma once
#include <optional>
#include <string>

#include "core/result.h"

namespace layerwatt {

class Control {
 public:
  explicit Control(int descriptor) : descriptor_{descriptor} {}  // borrowed
  // Waits for the next line; empty when the other side has closed. malformed for a line above
  // longest_request, which is skipped.
  std::optional<Result<std::string>> next();
  // True when a line, a part of one, or the end has arrived. Does not wait.
  [[nodiscard]] bool has_news() const;
  // False when the other side has gone.
  bool send(const std::string& line);

 private:
  bool fill();
  int descriptor_;
  std::string received_;  // not yet given out
};

}  // namespace layerwatt
