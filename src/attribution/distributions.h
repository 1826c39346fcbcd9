// SPDX-License-Identifier: Apache-2.0
// Quantiles of many series of durations at once, of which nothing is copied or sorted: the caller walks along
// all values three times. The first walk finds each series' range, the second counts what lies in which part
// of it, and the third looks at those parts alone in which a quantile lies.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "attribution/profile.h"

namespace layerwatt {

// Values of a given rank among all, by series.
class Ranks {
 public:
  explicit Ranks(std::size_t series) : ranges_(series) {}

  void look(std::size_t series, Nanoseconds value) {
    Range& range = ranges_[series];
    const std::int64_t ns = value.count();
    ++range.count;
    range.sum += ns;
    range.least = ns < range.least ? ns : range.least;
    range.most = ns > range.most ? ns : range.most;
  }
  [[nodiscard]] std::size_t count(std::size_t series) const { return ranges_[series].count; }
  [[nodiscard]] Nanoseconds least(std::size_t series) const { return Nanoseconds{ranges_[series].least}; }
  [[nodiscard]] Nanoseconds mean(std::size_t series) const;  // precondition: there are values

  void divide();  // after all were looked at
  void sort_in(std::size_t series, Nanoseconds value) { ++inside_[part_of(series, value)]; }

  // After all were sorted in. Of each series, ascending; `ranks(count)` below count: 0 is the least value.
  template <class WantedRanks>
  void want(WantedRanks ranks) {
    wanted_.assign(inside_.size(), false);
    for (std::size_t s = 0; s < ranges_.size(); ++s)
      if (ranges_[s].count > 0) mark(s, ranks(ranges_[s].count));
  }
  void gather(std::size_t series, Nanoseconds value) {
    if (wanted_[part_of(series, value)] != 0) ranges_[series].gathered.push_back(value);
  }
  // One for each rank that was wanted of the series.
  [[nodiscard]] std::vector<Nanoseconds> values(std::size_t series);

 private:
  static constexpr unsigned part_bits = 10;
  static constexpr std::uint64_t last_part = (1U << part_bits) - 1;  // has all that lies beyond, too
  struct Range {
    std::size_t count = 0;
    std::int64_t sum = 0, least = INT64_MAX, most = INT64_MIN;
    unsigned shift = 0;                 // a part is 2^shift ns long
    std::vector<Nanoseconds> gathered;  // all values of the parts that are wanted
    std::vector<std::size_t> places;    // of the wanted ranks, among those
  };
  [[nodiscard]] std::size_t part_of(std::size_t series, Nanoseconds value) const {
    const Range& range = ranges_[series];
    const auto above = static_cast<std::uint64_t>(value.count()) - static_cast<std::uint64_t>(range.least);
    return (series << part_bits) +
           static_cast<std::size_t>(std::min<std::uint64_t>(above >> range.shift, last_part));
  }
  void mark(std::size_t series, const std::vector<std::size_t>& ranks);

  std::vector<Range> ranges_;
  std::vector<std::uint32_t> inside_;  // values, by series and part
  std::vector<std::uint8_t> wanted_;   // parts; bytes, since this is asked of every value
};

// `walk(use)` calls use(series, value) for every value, the same at each call.
template <class Walk, class WantedRanks>
Ranks ranked(std::size_t series, Walk walk, WantedRanks wanted) {
  Ranks ranks{series};
  walk([&](std::size_t s, Nanoseconds value) { ranks.look(s, value); });
  ranks.divide();
  walk([&](std::size_t s, Nanoseconds value) { ranks.sort_in(s, value); });
  ranks.want(wanted);
  walk([&](std::size_t s, Nanoseconds value) { ranks.gather(s, value); });
  return ranks;
}

std::vector<std::size_t> ranks_of_quantiles(std::size_t count);
Distribution distribution_from(Ranks& ranks, std::size_t series);

// Quantiles by linear interpolation between order statistics (Hyndman and Fan's type 7). All zero for none.
template <class Walk>
std::vector<Distribution> distributions_of(std::size_t series, Walk walk) {
  Ranks ranks = ranked(series, walk, ranks_of_quantiles);
  std::vector<Distribution> all;
  for (std::size_t s = 0; s < series; ++s) all.push_back(distribution_from(ranks, s));
  return all;
}

// Upper median for even counts; zero for none. `walk` as above, of one series.
template <class Walk>
Nanoseconds median_of(Walk walk) {
  const auto middle = [](std::size_t count) { return std::vector{count / 2}; };
  Ranks ranks = ranked(1, walk, middle);
  return ranks.count(0) > 0 ? ranks.values(0).front() : Nanoseconds{0};
}

}  // namespace layerwatt
