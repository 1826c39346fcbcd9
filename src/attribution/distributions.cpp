// SPDX-License-Identifier: Apache-2.0
// Parts are equal but for those at the ends. However values lie, what is found is the same: only how many are
// gathered depends on it.
#include "attribution/distributions.h"

#include <algorithm>
#include <array>
#include <bit>

namespace layerwatt {

namespace {

constexpr std::array<double, 4> shares{0.25, 0.5, 0.75, 0.99};
// How far parts reach to either side of the middle half of the first values, by its length.
constexpr std::int64_t reach_in_halves = 4;

}  // namespace

// The middle half tells where others will lie, since a few wild ones, such as pauses among steps, must not
// make parts coarse.
Parts::Parts(std::vector<Nanoseconds> first) {
  std::sort(first.begin(), first.end());
  const Nanoseconds from = first[first.size() / 4], to = first[first.size() * 3 / 4];
  const Nanoseconds reach = reach_in_halves * (to - from);
  begin_ = from - reach;
  const auto bits =
      static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>((to + reach - begin_).count())));
  shift_ = bits > part_bits ? bits - part_bits : 0;
}

void Parts::want(const std::vector<std::size_t>& ranks) {
  std::size_t below = 0, left_out = 0;
  auto rank = ranks.begin();
  for (std::size_t part = 0; rank != ranks.end(); ++part) {
    below += inside_[part];
    for (; rank != ranks.end() && *rank < below; ++rank) {
      places_.push_back(*rank - left_out);
      wanted_[part] = 1;
    }
    if (wanted_[part] == 0) left_out += inside_[part];
  }
}

std::vector<Nanoseconds> Parts::values() {
  std::vector<Nanoseconds> found;
  auto rest = gathered_.begin();
  for (const std::size_t place : places_) {
    const auto at = gathered_.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(rest, at, gathered_.end());
    found.push_back(*at);
    rest = at;
  }
  return found;
}

// The least, those at each quantile, and the next ones.
std::vector<std::size_t> ranks_of_quantiles(std::size_t count) {
  std::vector<std::size_t> ranks{0};
  for (const double share : shares) {
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(count - 1));
    ranks.push_back(rank);
    ranks.push_back(std::min(rank + 1, count - 1));
  }
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

Distribution distribution_from(const Ranked& quantiles) {
  Distribution result;
  result.count = quantiles.count;
  if (result.count == 0) return result;
  result.sum = quantiles.sum;
  result.mean = from_seconds(seconds(result.sum) / static_cast<double>(result.count));
  const std::vector<std::size_t> known = ranks_of_quantiles(result.count);
  const auto value = [&](std::size_t rank) {
    return quantiles
        .values[static_cast<std::size_t>(std::lower_bound(known.begin(), known.end(), rank) - known.begin())];
  };
  const auto quantile = [&](double share) {
    const double place = share * static_cast<double>(result.count - 1);
    const auto rank = static_cast<std::size_t>(place);
    const double beyond = place - static_cast<double>(rank);
    if (beyond == 0) return value(rank);
    return value(rank) + from_seconds(seconds(value(rank + 1) - value(rank)) * beyond);
  };
  result.minimum = value(0);
  result.quartile1 = quantile(shares[0]);
  result.median = quantile(shares[1]);
  result.quartile3 = quantile(shares[2]);
  result.percentile99 = quantile(shares[3]);
  return result;
}

}  // namespace layerwatt
