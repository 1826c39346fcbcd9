// SPDX-License-Identifier: Apache-2.0
#include "simulation/score.h"

#include <gmock/gmock.h>

namespace layerwatt::simulation {
namespace {

using ::testing::HasSubstr;

TEST(Score, CountsErrorsAndCoverageOverLayers) {
  const std::vector<LayerTruth> truths{
      {0, 0, Joules{1}}, {0, 1, Joules{2}}, {0, 2, Joules{4}}, {0, 3, Joules{1}}, {0, 4, Joules{}}};
  const std::vector<LayerEstimate> estimates{
      {0, 0, Joules{1.1}, LayerEstimate::Interval{Joules{0.9}, Joules{1.3}}},
      {0, 1, Joules{2.4}, LayerEstimate::Interval{Joules{2.2}, Joules{2.6}}},
      {0, 2, Joules{4.0}, std::nullopt},
      {0, 9, Joules{7}, std::nullopt}};
  const Score s = score(estimates, truths);
  EXPECT_EQ(s.layers, 4U);  // a layer that drew nothing has no relative error
  EXPECT_EQ(s.missing, 1U);
  EXPECT_NEAR(s.median_error, 0.1, 1e-12);
  EXPECT_NEAR(s.p95_error, 0.19, 1e-12);
  EXPECT_NEAR(s.total_error, 7.5 / 7 - 1, 1e-12);
  EXPECT_EQ(s.intervals, 2U);
  EXPECT_NEAR(s.coverage, 0.5, 1e-12);
  EXPECT_NEAR(s.median_half_width, 0.15, 1e-12);
}

TEST(Score, NothingToScoreIsNotGood) {
  const Score s = score({}, std::vector<LayerTruth>{{0, 0, Joules{1}}});
  EXPECT_EQ(s.missing, 1U);
  EXPECT_EQ(s.coverage, 0);
  EXPECT_FALSE(quantile({}, 0.5));
}

TEST(Estimates, ReadBackAsWritten) {
  const std::vector<LayerEstimate> estimates{
      {0, 3, Joules{1.25e-3}, LayerEstimate::Interval{Joules{1e-3}, Joules{1.5e-3}}},
      {2, 0, Joules{0.1}, {}}};
  const auto again = parse_estimates(write_estimates(estimates), "r.csv");
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 2U);
  EXPECT_EQ((*again)[0].energy, Joules{1.25e-3});
  EXPECT_EQ((*again)[0].interval->high, Joules{1.5e-3});
  EXPECT_EQ((*again)[1].rail, 2U);
  EXPECT_FALSE((*again)[1].interval);
}

TEST(Estimates, BadLinesAreNamed) {
  const std::string header = "rail,layer,energy_j,low_j,high_j\n";
  for (const char* line : {"0,1", "0,1,2,3,4,5", "-1,0,1,,", "0,x,1,,", "0,0,nan,,", "0,0,inf,,", "0,0,1,2,1",
                           "0,0,1,1,", "0,0,1e999,,", "0, 0,1,,"}) {
    const auto read = parse_estimates(header + "0,0,1,,\r\n" + line + "\n", "r.csv");
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().where, "r.csv, line 3") << line;
  }
  EXPECT_THAT(parse_estimates("", "r.csv").error().detail, HasSubstr("empty"));
  EXPECT_THAT(parse_estimates("layer,energy\n", "r.csv").error().detail, HasSubstr("rail,layer,energy_j"));
}

}  // namespace
}  // namespace layerwatt::simulation
