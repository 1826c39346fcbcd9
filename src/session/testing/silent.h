// SPDX-License-Identifier: Apache-2.0
// For tests: progress that nobody watches.
#pragma once
#include "session/progress.h"

namespace layerwatt {

class Silent final : public Progress {
 public:
  void show(const std::string&, double, Nanoseconds) override {}
  void say(const std::string&) override {}
};

}  // namespace layerwatt
