// SPDX-License-Identifier: Apache-2.0
// From a board's model and a layer's work to time and power. The same rules for the execution and for the
// instrument, so that a layer is as long as its power assumes.
#pragma once
#include <span>
#include <vector>

#include "boards/board.h"
#include "core/result.h"
#include "core/vocabulary.h"

namespace layerwatt {

// What a layer asks of the board while it runs, as shares of the board's peak rates, 0 to 1.
struct LayerWork {
  Nanoseconds time{};  // max(MACs / peak, bytes / bandwidth) + launch; unknown MACs and bytes count nothing
  double computing = 0;
  double moving = 0;
};

LayerWork work_of(const BoardModel& model, const Layer& layer);

// Whole power of each rail of `rails`, what they contain and lose included.
struct BoardPower {
  std::vector<std::string> rails;          // as in the model
  std::vector<Watts> idle;                 // [rail]
  std::vector<std::vector<Watts>> layers;  // [layer][rail], idle included
  std::vector<std::vector<double>> feeds;  // [rail][source]: 1 for its own, 1 + losses for what it contains
  std::vector<Joules> a_read;              // [rail]: of one read of a sensor
  std::size_t total = 0;                   // the rail that draws most at idle: its current drops the supply
};

// unsupported: no model, or one without rails or with rates that are not positive.
Result<BoardPower> power_of(const Board& board, std::span<const Layer> layers);

// The same while a sensor is read so many times a second, all rails together.
BoardPower while_reading(BoardPower power, double reads_per_s);

}  // namespace layerwatt
