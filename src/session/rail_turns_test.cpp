// SPDX-License-Identifier: Apache-2.0
#include "session/rail_turns.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

std::vector<Channel> rails(std::initializer_list<std::optional<Nanoseconds>> refreshes) {
  std::vector<Channel> channels;
  for (const auto& refresh : refreshes) channels.emplace_back().refresh = refresh;
  return channels;
}

// Of one rail: each read takes `one`, with an exception, and the next one comes after `all`.
std::vector<Reading> reads(Nanoseconds one, Nanoseconds all, int count = 20) {
  std::vector<Reading> readings;
  for (int i = 0; i < count; ++i) {
    const Instant before{i * all};
    readings.push_back({before, before + (i == 7 ? 10 * one : one), Watts{1}});
  }
  return readings;
}

TEST(RailTurns, AreTakenWhereOnlyOneRailCanBeReadAsFastAsItIsRenewed) {
  const RailTurns turns{{}, rails({840us, 840us, 840us}), {0, 1, 2}, reads(300us, 900us)};
  EXPECT_TRUE(turns.taken());
  EXPECT_EQ(turns.of_block(0), 0u);
  EXPECT_EQ(turns.of_block(1), 1u);
  EXPECT_EQ(turns.of_block(5), 2u);
}

TEST(RailTurns, GoRoundTheWantedRails) {
  const RailTurns turns{{}, rails({840us, 840us, 840us}), {0, 2}, reads(500us, 1000us)};
  EXPECT_EQ(turns.of_block(0), 0u);
  EXPECT_EQ(turns.of_block(1), 2u);
  EXPECT_EQ(turns.of_block(2), 0u);
}

TEST(RailTurns, ComeSeveralTimesInShortRuns) {
  const RailTurns turns{{}, rails({840us, 840us, 840us}), {0, 1, 2}, reads(300us, 900us)};
  EXPECT_EQ(turns.block_of(60, std::nullopt), 20u);
  EXPECT_EQ(turns.block_of(60, 3000), 20u);
  EXPECT_EQ(turns.block_of(60, 120), 10u);
  EXPECT_EQ(turns.block_of(60, 7), 1u);
  EXPECT_EQ(turns.block_of(1, std::nullopt), 1u);
  EXPECT_EQ(RailTurns{}.block_of(60, 7), 60u);
}

TEST(RailTurns, AreNotTakenWhenTheyWouldGainNothing) {
  const auto channels = rails({840us, 840us, 840us});
  EXPECT_FALSE((RailTurns{{}, channels, {0, 1, 2}, reads(200us, 600us)}.taken())) << "all keep up";
  EXPECT_FALSE((RailTurns{{}, channels, {0, 1, 2}, reads(800us, 2400us)}.taken())) << "not even one does";
  EXPECT_FALSE((RailTurns{{}, channels, {1}, reads(300us, 900us)}.taken())) << "there is only one";
  EXPECT_FALSE((RailTurns{{}, channels, {0, 1, 2}, reads(300us, 900us, 15)}.taken())) << "hardly read";
  EXPECT_FALSE((RailTurns{{}, rails({840us, std::nullopt}), {0, 1}, reads(300us, 900us)}.taken()))
      << "nobody knows how often one of them is renewed";
  EXPECT_EQ(RailTurns{}.of_block(3), std::nullopt);
}

TEST(RailTurns, AreNotTakenAgainstWhatTheUserAskedFor) {
  const auto channels = rails({840us, 840us, 840us});
  ProfileOptions together, own_pace;
  together.together = true;
  own_pace.period = 900us;
  EXPECT_FALSE((RailTurns{together, channels, {0, 1, 2}, reads(300us, 900us)}.taken()));
  EXPECT_FALSE((RailTurns{own_pace, channels, {0, 1, 2}, reads(300us, 900us)}.taken()));
}

}  // namespace
}  // namespace layerwatt
