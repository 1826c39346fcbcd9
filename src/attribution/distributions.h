// SPDX-License-Identifier: Apache-2.0
// Quantiles of durations of which nothing is sorted: the caller walks along all values twice. The first walk
// counts what lies in which part of their range, as the first values tell it, and the second looks at those
// parts alone in which a quantile lies.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "attribution/columns.h"
#include "attribution/profile.h"

namespace layerwatt {

// Values of a given rank among all.
class Parts {
 public:
  static constexpr std::size_t enough_to_divide = 64;
  // `first` of the values, as far as there are as many.
  explicit Parts(std::vector<Nanoseconds> first);

  void count(Nanoseconds value) { ++inside_[part_of(value)]; }
  // After all were counted. Ascending, below their number: 0 is the least value.
  void want(const std::vector<std::size_t>& ranks);
  void gather(Nanoseconds value) {
    if (wanted_[part_of(value)] != 0) gathered_.push_back(value);
  }
  // One for each rank that was wanted.
  [[nodiscard]] std::vector<Nanoseconds> values();

 private:
  static constexpr unsigned part_bits = 12;
  static constexpr std::int64_t last_part = (1 << part_bits) - 1;  // the ends have all that lies beyond, too
  [[nodiscard]] std::size_t part_of(Nanoseconds value) const {
    const std::int64_t part = (value - begin_).count() >> shift_;
    return static_cast<std::size_t>(std::clamp<std::int64_t>(part, 0, last_part));
  }

  Nanoseconds begin_{};                                // of the first part
  unsigned shift_ = 0;                                 // a part is 2^shift ns long
  std::array<std::uint32_t, last_part + 1> inside_{};  // values, by part
  std::array<std::uint8_t, last_part + 1> wanted_{};   // bytes, since this is asked of every value
  std::vector<Nanoseconds> gathered_;                  // all values of the parts that are wanted
  std::vector<std::size_t> places_;                    // of the wanted ranks, among those
};

struct Ranked {
  std::size_t count = 0;
  Nanoseconds sum{};
  std::vector<Nanoseconds> values;  // one for each rank that was wanted; none of no values
};

// `walk(use)` calls use(value) for every value, the same at each call, until it returns false.
// `wanted(count)` tells the ranks, ascending.
template <class Walk, class WantedRanks>
Ranked ranked(Walk walk, WantedRanks wanted) {
  std::vector<Nanoseconds> first;
  walk([&](Nanoseconds value) {
    first.push_back(value);
    return first.size() < Parts::enough_to_divide;
  });
  if (first.empty()) return {};
  Parts parts{std::move(first)};
  Ranked result;
  walk([&](Nanoseconds value) {
    ++result.count;
    result.sum += value;
    parts.count(value);
    return true;
  });
  parts.want(wanted(result.count));
  walk([&](Nanoseconds value) {
    parts.gather(value);
    return true;
  });
  result.values = parts.values();
  return result;
}

std::vector<std::size_t> ranks_of_quantiles(std::size_t count);
Distribution distribution_from(const Ranked& quantiles);

// Quantiles by linear interpolation between order statistics (Hyndman and Fan's type 7). All zero for none.
template <class Walk>
Distribution distribution_of(Walk walk) {
  return distribution_from(ranked(walk, ranks_of_quantiles));
}

// Of several series at once, whose values come mixed: `walk(use)` calls use(series, value) for each of
// `values`.
template <class Walk>
std::vector<Distribution> distributions_of(std::size_t series, std::size_t values, Walk walk) {
  Columns columns{series, values};
  walk([&](std::size_t s, Nanoseconds value) { columns.add(s, value); });
  std::vector<Distribution> all;
  for (std::size_t s = 0; s < series; ++s)
    all.push_back(distribution_of([&](auto use) { columns.each(s, use); }));
  return all;
}

}  // namespace layerwatt
