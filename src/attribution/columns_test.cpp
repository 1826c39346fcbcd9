// SPDX-License-Identifier: Apache-2.0
#include "attribution/columns.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

std::vector<Nanoseconds> values_of(const Columns& columns, std::size_t series) {
  std::vector<Nanoseconds> values;
  columns.each(series, [&](Nanoseconds value) {
    values.push_back(value);
    return true;
  });
  return values;
}

TEST(Columns, KeepSeriesApartAndInOrder) {
  constexpr int many = 1000;
  Columns columns{3, 2 * many};
  for (int i = 0; i < many; ++i) {
    columns.add(0, Nanoseconds{i});
    columns.add(2, Nanoseconds{-1 - i % 2});
  }
  const std::vector<Nanoseconds> first = values_of(columns, 0);
  ASSERT_EQ(first.size(), many);
  for (int i = 0; i < many; ++i) EXPECT_EQ(first[static_cast<std::size_t>(i)], Nanoseconds{i});
  EXPECT_TRUE(values_of(columns, 1).empty());
  EXPECT_EQ(values_of(columns, 2).size(), many);
}

TEST(Columns, HoldAnyDuration) {
  Columns columns{2, 4};
  for (const Nanoseconds value : {4'294'967'295ns, 4'294'967'296ns, Nanoseconds::max(), -1ns}) {
    columns.add(0, value);
    columns.add(1, value);
  }
  const std::vector<Nanoseconds> expected{4'294'967'295ns, 4'294'967'296ns, Nanoseconds::max(), -1ns};
  EXPECT_EQ(values_of(columns, 0), expected);
  EXPECT_EQ(values_of(columns, 1), expected);
}

TEST(Columns, StopWhereTheyAreTold) {
  Columns columns{1, 1000};
  for (int i = 0; i < 1000; ++i) columns.add(0, Nanoseconds{i});
  columns.add(0, 1h);
  int asked = 0;
  columns.each(0, [&](Nanoseconds) { return ++asked < 500; });
  EXPECT_EQ(asked, 500);
}

}  // namespace
}  // namespace layerwatt
