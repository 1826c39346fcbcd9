// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward/segments.h"

#include <gtest/gtest.h>

#include <random>

namespace layerwatt::forward {
namespace {

double share_of(const Row& row, std::uint32_t column) {
  for (const auto& [c, share] : row)
    if (c == column) return share;
  return 0;
}

TEST(RowMaker, SharesAreTheOverlapsOfTheWindow) {
  const Segments segments{{0, 100, 150, 400, 1000}, {0, 1, 0, 2}, 3};
  const Box box{10, 100};
  const Kernel kernel{{&box, 1}};
  RowMaker rows{segments};
  Row row;
  ASSERT_TRUE(rows.make(220, kernel, row));  // window [110, 210]: 40 us of column 1, 60 us of column 0
  EXPECT_NEAR(share_of(row, 1), 0.4, 0.01);
  EXPECT_NEAR(share_of(row, 0), 0.6, 0.01);
  EXPECT_EQ(row.size(), 2u);
}

TEST(RowMaker, RefusesWindowsThatLeaveTheSegments) {
  const Segments segments{{0, 1000}, {0}, 1};
  const Box box{0, 100};
  const Kernel kernel{{&box, 1}};
  RowMaker rows{segments};
  Row row;
  EXPECT_FALSE(rows.make(90, kernel, row));
  EXPECT_FALSE(rows.make(1100, kernel, row));
  EXPECT_TRUE(rows.make(500, kernel, row));
}

TEST(RowMaker, SeveralColumnsActAtOnceWithTheirShares) {
  // Columns 0 and 1 alone, then both with half a share, then both with a whole one less one of column 2.
  Segments segments{{0, 100, 200, 300, 400, 1000}, {0, 1, 3, 4, 2}, 3};
  segments.mixtures = {{{0, 0.5}, {1, 0.5}}, {{0, 1}, {1, 1}, {2, -1}}};
  const Box box{0, 200};
  const Kernel kernel{{&box, 1}};
  RowMaker rows{segments};
  Row row;
  ASSERT_TRUE(rows.make(300, kernel, row));  // [100, 300]: 100 us of column 1, 100 us of the first mixture
  EXPECT_NEAR(share_of(row, 0), 0.25, 0.01);
  EXPECT_NEAR(share_of(row, 1), 0.75, 0.01);
  EXPECT_EQ(row.size(), 2u);
  ASSERT_TRUE(rows.make(400, kernel, row));  // [200, 400]: 100 us of each mixture
  EXPECT_NEAR(share_of(row, 0), 0.75, 0.01);
  EXPECT_NEAR(share_of(row, 1), 0.75, 0.01);
  EXPECT_NEAR(share_of(row, 2), -0.5, 0.01);
  ASSERT_TRUE(rows.make(600, kernel, row));  // [400, 600]: nothing is left of before
  EXPECT_EQ(row.size(), 1u);
}

TEST(RowMaker, SharesSumToOneAndPredictTheMeanPowerOfTheWindow) {
  std::mt19937_64 random{7};
  std::uniform_real_distribution<double> length{0, 300};
  Segments segments;
  segments.columns = 9;
  double t = 0;
  for (int i = 0; i < 4000; ++i) {
    segments.knot_us.push_back(t);
    segments.column.push_back(static_cast<std::uint32_t>(random() % 9));
    t += i % 17 == 0 ? 0 : length(random);  // zero-length layers too
  }
  segments.knot_us.push_back(t);
  const Box box{500, 1100};
  const Kernel kernel{{&box, 1}, 0, 0, 60};
  RowMaker rows{segments};
  Row row;
  int made = 0;
  for (double stamp = 0; stamp < t; stamp += 777) {
    if (!rows.make(stamp, kernel, row)) continue;
    double sum = 0;
    for (const auto& [column, share] : row) sum += share;
    EXPECT_NEAR(sum, 1, 1e-9);
    ++made;
  }
  EXPECT_GT(made, 500);
}

}  // namespace
}  // namespace layerwatt::forward
