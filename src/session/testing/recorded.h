// SPDX-License-Identifier: Apache-2.0
// For tests: a machine as it was recorded.
#pragma once
#include <string>

#include "core/machine.h"

namespace layerwatt {

inline Machine recorded(const std::string& board) {
  return Machine{LAYERWATT_FIXTURES "/boards/" + board, system_clock()};
}
inline Machine recorded_nano() { return recorded("jetson-nano-l4t32"); }

}  // namespace layerwatt
