// SPDX-License-Identifier: Apache-2.0
// The progress bar on stderr: shown only on a terminal, gone when the work is done.
#pragma once
#include <iosfwd>
#include <string>

#include "session/progress.h"

namespace layerwatt {

class ProgressBar final : public Progress {
 public:
  // Shows nothing when `visible` is false.
  ProgressBar(std::ostream& err, bool visible) : err_{err}, visible_{visible} {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() override;
  void show(const std::string& doing, double fraction, Nanoseconds left) override;
  void say(const std::string& message) override;

 private:
  void clear();
  std::ostream& err_;
  bool visible_;
  bool drawn_ = false;
};

}  // namespace layerwatt
