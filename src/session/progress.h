// SPDX-License-Identifier: Apache-2.0
// Where a session says how far it is. The library itself never prints.
#pragma once
#include <string>

#include "core/units.h"

namespace layerwatt {

class Progress {
 public:
  virtual ~Progress() = default;
  // `doing`: "measuring energy"; `fraction` of the whole session, 0 to 1; `left`: time still needed,
  // estimated.
  virtual void show(const std::string& doing, double fraction, Nanoseconds left) = 0;
  // One line that a person should see at once.
  virtual void say(const std::string& message) = 0;
};

}  // namespace layerwatt
