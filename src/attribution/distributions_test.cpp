// SPDX-License-Identifier: Apache-2.0
#include "attribution/distributions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

auto walk_along(const std::vector<Nanoseconds>& values) {
  return [&](auto use) {
    for (const Nanoseconds value : values)
      if (!use(value)) return;
  };
}

Distribution distribution_of(const std::vector<Nanoseconds>& values) {
  return layerwatt::distribution_of(walk_along(values));
}

TEST(Distributions, QuantilesInterpolateBetweenOrderStatistics) {
  const Distribution distribution = distribution_of({50ns, 10ns, 40ns, 20ns, 30ns, 60ns});
  EXPECT_EQ(distribution.count, 6U);
  EXPECT_EQ(distribution.minimum, 10ns);
  EXPECT_EQ(distribution.quartile1, 23ns);  // 22.5, rounded
  EXPECT_EQ(distribution.median, 35ns);
  EXPECT_EQ(distribution.quartile3, 48ns);     // 47.5, rounded
  EXPECT_EQ(distribution.percentile99, 60ns);  // 59.5
  EXPECT_EQ(distribution.mean, 35ns);
}

TEST(Distributions, OneValueIsEveryQuantile) {
  const Distribution distribution = distribution_of({7ms});
  EXPECT_EQ(distribution.minimum, 7ms);
  EXPECT_EQ(distribution.percentile99, 7ms);
}

TEST(Distributions, NoValuesAreCountedAsNone) { EXPECT_EQ(distribution_of({}).count, 0U); }

// Type 7 as it is defined, of all values sorted.
Nanoseconds quantile_of(std::vector<Nanoseconds> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto rank = static_cast<std::size_t>(place);
  const Nanoseconds low = values[rank], high = values[std::min(rank + 1, values.size() - 1)];
  return low + from_seconds(seconds(high - low) * (place - static_cast<double>(rank)));
}

void expect_quantiles(const Distribution& found, const std::vector<Nanoseconds>& values) {
  EXPECT_EQ(found.count, values.size());
  EXPECT_EQ(found.minimum, *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(found.quartile1, quantile_of(values, 0.25));
  EXPECT_EQ(found.median, quantile_of(values, 0.5));
  EXPECT_EQ(found.quartile3, quantile_of(values, 0.75));
  EXPECT_EQ(found.percentile99, quantile_of(values, 0.99));
}

TEST(Distributions, AreThoseOfTheSortedValues) {
  std::mt19937_64 random{3};
  for (const std::size_t count : {1U, 2U, 3U, 5U, 101U, 5000U})
    for (const int spread : {1, 3, 1000, 1'000'000'000}) {
      std::uniform_int_distribution<Nanoseconds::rep> any{0, spread};
      std::vector<Nanoseconds> values;
      for (std::size_t i = 0; i < count; ++i) values.emplace_back(any(random));
      SCOPED_TRACE(::testing::Message() << count << " values up to " << spread);
      expect_quantiles(distribution_of(values), values);
    }
}

// One wild value stretches the range until all others lie in one part of it.
TEST(Distributions, StandWildValues) {
  std::vector<Nanoseconds> values;
  for (int i = 0; i < 1000; ++i) values.emplace_back((i * 7919) % 1000);
  const Nanoseconds wild{std::int64_t{1} << 58};
  values.push_back(wild);
  values.push_back(-wild);
  const Distribution found = distribution_of(values);
  EXPECT_EQ(found.minimum, -wild);
  EXPECT_EQ(found.median, quantile_of(values, 0.5));
  EXPECT_EQ(found.percentile99, quantile_of(values, 0.99));
}

TEST(Distributions, OfSeveralSeriesAreKeptApart) {
  const std::vector<std::vector<Nanoseconds>> series{{5ms, 6ms, 9ms}, {}, {1ns, 2ns}};
  const auto found = distributions_of(3, 5, [&](auto use) {
    for (std::size_t s = 0; s < series.size(); ++s)
      for (const Nanoseconds value : series[s]) use(s, value);
  });
  expect_quantiles(found[0], series[0]);
  EXPECT_EQ(found[1].count, 0U);
  expect_quantiles(found[2], series[2]);
}

}  // namespace
}  // namespace layerwatt
