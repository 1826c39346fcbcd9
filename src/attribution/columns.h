// SPDX-License-Identifier: Apache-2.0
// Durations that come mixed, put apart by series, so that each series can then be looked at in the
// processor's own memory. Blocks of one large array.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/units.h"

namespace layerwatt {

class Columns {
 public:
  // Room for `values` of all series together.
  Columns(std::size_t series, std::size_t values);

  void add(std::size_t series, Nanoseconds value) {
    const auto ns = static_cast<std::uint64_t>(value.count());
    if (ns > std::numeric_limits<std::uint32_t>::max()) {
      long_.emplace_back(series, value);
      return;
    }
    Series& one = series_[series];
    if (one.next == one.end) take_block(one);
    values_[one.next++] = static_cast<std::uint32_t>(ns);
  }

  // Calls use(value) for all of a series, until it returns false.
  template <class Use>
  void each(std::size_t series, Use use) const {
    const Series& one = series_[series];
    for (const std::size_t begin : one.blocks) {
      const std::size_t end = begin == one.blocks.back() ? one.next : begin + block;
      for (std::size_t i = begin; i < end; ++i)
        if (!use(Nanoseconds{values_[i]})) return;
    }
    for (const auto& [of, value] : long_)
      if (of == series && !use(value)) return;
  }

 private:
  // No power of two: series filled in step would be in each other's way in the processor's cache.
  static constexpr std::size_t block = 240;
  struct Series {
    std::size_t next = 0, end = 0;    // where the next value goes, and where its block ends
    std::vector<std::size_t> blocks;  // where they begin
  };
  void take_block(Series& series);

  std::unique_ptr<std::uint32_t[]> values_;
  std::size_t taken_ = 0;
  std::vector<Series> series_;
  std::vector<std::pair<std::size_t, Nanoseconds>> long_;  // beyond 4.3 s or below zero; few fit into any run
};

}  // namespace layerwatt
