// SPDX-License-Identifier: Apache-2.0
// Which block is whose; see columns.h.
#include "attribution/columns.h"

#include "core/large_pages.h"

namespace layerwatt {

// One block of each series may stay unfilled.
Columns::Columns(std::size_t series, std::size_t values)
    : values_{large_array<std::uint32_t>(values + series * block)}, series_(series) {}

void Columns::take_block(Series& series) {
  series.blocks.push_back(taken_);
  series.next = taken_;
  taken_ += block;
  series.end = taken_;
}

}  // namespace layerwatt
