// SPDX-License-Identifier: Apache-2.0
// A board's file, and what follows from it, for people and for programs. Pure.
#pragma once
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "boards/board.h"
#include "report/report.h"

namespace layerwatt {

void print_boards(const std::vector<Board>& boards, const Style& style, std::ostream& out);
void print_board(const Board& board, const Style& style, std::ostream& out);
nlohmann::json as_json(const Board& board);

}  // namespace layerwatt
