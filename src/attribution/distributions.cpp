// SPDX-License-Identifier: Apache-2.0
// Parts are equal but for the last. However values lie, what is found is the same: only how many are gathered
// depends on it.
#include "attribution/distributions.h"

#include <algorithm>
#include <array>
#include <bit>

namespace layerwatt {

namespace {

constexpr std::array<double, 4> shares{0.25, 0.5, 0.75, 0.99};
// A few wild values, such as pauses among steps, must not make parts coarse: what lies further from the least
// value than this many times the mean does shares one.
constexpr std::uint64_t most_means = 8;

}  // namespace

Nanoseconds Ranks::mean(std::size_t series) const {
  const Range& range = ranges_[series];
  return from_seconds(seconds(Nanoseconds{range.sum}) / static_cast<double>(range.count));
}

void Ranks::divide() {
  inside_.assign(ranges_.size() << part_bits, 0);
  for (Range& range : ranges_) {
    if (range.count == 0) continue;
    const auto least = static_cast<std::uint64_t>(range.least);
    const std::uint64_t length = static_cast<std::uint64_t>(range.most) - least;
    const std::uint64_t mean =
        static_cast<std::uint64_t>(range.sum / static_cast<std::int64_t>(range.count)) - least;
    const auto bits = static_cast<unsigned>(std::bit_width(std::min(length, most_means * mean + 1)));
    range.shift = bits > part_bits ? bits - part_bits : 0;
  }
}

void Ranks::mark(std::size_t series, const std::vector<std::size_t>& ranks) {
  Range& range = ranges_[series];
  std::size_t below = 0, left_out = 0;
  auto rank = ranks.begin();
  for (std::size_t part = series << part_bits; rank != ranks.end(); ++part) {
    below += inside_[part];
    for (; rank != ranks.end() && *rank < below; ++rank) {
      range.places.push_back(*rank - left_out);
      wanted_[part] = true;
    }
    if (wanted_[part] == 0) left_out += inside_[part];
  }
}

std::vector<Nanoseconds> Ranks::values(std::size_t series) {
  Range& range = ranges_[series];
  std::vector<Nanoseconds> found;
  auto rest = range.gathered.begin();
  for (const std::size_t place : range.places) {
    const auto at = range.gathered.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(rest, at, range.gathered.end());
    found.push_back(*at);
    rest = at;
  }
  return found;
}

// Those at each quantile, and the next ones.
std::vector<std::size_t> ranks_of_quantiles(std::size_t count) {
  std::vector<std::size_t> ranks;
  for (const double share : shares) {
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(count - 1));
    ranks.push_back(rank);
    ranks.push_back(std::min(rank + 1, count - 1));
  }
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

Distribution distribution_from(Ranks& ranks, std::size_t series) {
  Distribution result;
  result.count = ranks.count(series);
  if (result.count == 0) return result;
  result.mean = ranks.mean(series);
  result.minimum = ranks.least(series);
  const std::vector<std::size_t> known = ranks_of_quantiles(result.count);
  const std::vector<Nanoseconds> values = ranks.values(series);
  const auto value = [&](std::size_t rank) {
    return values[static_cast<std::size_t>(std::lower_bound(known.begin(), known.end(), rank) -
                                           known.begin())];
  };
  const auto quantile = [&](double share) {
    const double place = share * static_cast<double>(result.count - 1);
    const auto rank = static_cast<std::size_t>(place);
    const double beyond = place - static_cast<double>(rank);
    if (beyond == 0) return value(rank);
    return value(rank) + from_seconds(seconds(value(rank + 1) - value(rank)) * beyond);
  };
  result.quartile1 = quantile(shares[0]);
  result.median = quantile(shares[1]);
  result.quartile3 = quantile(shares[2]);
  result.percentile99 = quantile(shares[3]);
  return result;
}

}  // namespace layerwatt
