// SPDX-License-Identifier: Apache-2.0
// A virtual board beside a perfect meter of each of its rails, in virtual time: SIMULATED. For trying out a
// calibration, and for tests: what the sensor is wrong by was planted (boards/virtual_settings.h).
#pragma once
#include "boards/board.h"
#include "session/metered_run.h"

namespace layerwatt {

// The meter, as --meter names it.
inline constexpr const char* virtual_meter = "virtual";

// `order`: what each stretch is like, without its time.
Result<MeteredRun> meter_virtual_board(const Board& board, const MeteredOptions& options,
                                       const std::vector<MeteredRun::Part>& order);

}  // namespace layerwatt
