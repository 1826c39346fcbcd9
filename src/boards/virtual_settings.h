// SPDX-License-Identifier: Apache-2.0
// A virtual board whose sensor is set otherwise than the board ships it: the text behind `virtual:`.
#pragma once
#include <string>

#include "boards/board.h"

namespace layerwatt {

// "NVIDIA Jetson Nano Developer Kit (virtual)", as circumstances name it.
inline std::string name_of_virtual(const Board& board) { return board.name + " (virtual)"; }

// "jetson-nano", or with settings of its sensor as the board file names them, "jetson-nano,averaging=1" and
// "jetson-nano,averaging=1,conversion_us=588". shunt_error=3% and shunt_offset_uv=-40 make the sensor wrong,
// as that of a real board is by an unknown amount. What is set stands in the board's name too. not_found: no
// such board; malformed: no such setting, or a value that the INA3221 does not have. With `best_mode` also as
// `--sensor-mode best` sets it: averaging=1,conversion_us=140; malformed when `text` says otherwise.
Result<Board> board_with_settings(const std::string& text, bool best_mode = false);

}  // namespace layerwatt
