// SPDX-License-Identifier: Apache-2.0
// A table of words and numbers without bars, laid out to fit Style::columns: columns give way from the right
// of their rank, then the first one is shortened.
#pragma once
#include <string>
#include <vector>

#include "report/report.h"

namespace layerwatt {

struct TextColumn {
  std::string title;
  bool is_number = false;  // set to the right
  int rank = 0;            // where there is no room, columns go, the highest rank first; 0 stays
};

struct TextRow {
  std::vector<std::string> cells;  // one a column, ready to print
  std::string remark;              // stands in place of the cells from `remark_from` on
};

struct TextTable {
  std::vector<TextColumn> columns;
  std::vector<TextRow> rows;
  std::size_t remark_from = 2;
};

std::string text_table(const TextTable& table, const Style& style);

}  // namespace layerwatt
