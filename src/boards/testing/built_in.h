// SPDX-License-Identifier: Apache-2.0
// For tests: a board that everybody knows, and the recorded ones.
#pragma once
#include <filesystem>

#include "boards/board.h"

namespace layerwatt {

inline Board nano() { return *board_named("jetson-nano"); }
inline const std::filesystem::path recorded_boards{LAYERWATT_FIXTURES "/boards"};

}  // namespace layerwatt
