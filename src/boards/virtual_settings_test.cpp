// SPDX-License-Identifier: Apache-2.0
#include "boards/virtual_settings.h"

#include <gtest/gtest.h>

#include "boards/virtual_board.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

TEST(BoardWithSettings, IsTheBoardItselfWithoutAny) {
  const auto board = board_with_settings("jetson-nano");
  ASSERT_TRUE(board);
  EXPECT_EQ(board->name, board_named("jetson-nano")->name);
  EXPECT_EQ(board->sensors.front().averaging, 64);
}

TEST(BoardWithSettings, SetsWhatTheInstrumentThenTellsOfItsRails) {
  const auto board = board_with_settings("jetson-nano,averaging=1,conversion_us=588");
  ASSERT_TRUE(board);
  EXPECT_NE(board->name.find("averaging 1, conversion_us 588"), std::string::npos);
  const auto instrument = VirtualInstrument::create(*board, {}, 0ns, 1, Instant{});
  ASSERT_TRUE(instrument);
  for (const RailRecord& rail : instrument->rails()) {
    EXPECT_EQ(rail.channel.averaging, 1);
    EXPECT_EQ(rail.channel.aperture, 588us);
    EXPECT_EQ(rail.channel.refresh, 6 * 588us);  // two voltages of three channels
  }
}

TEST(BoardWithSettings, RefusesWhatTheChipCannotDoAndSaysWhatItCan) {
  for (const char* text : {"jetson-nano,averaging=2", "jetson-nano,averaging=", "jetson-nano,averaging=1x"}) {
    const auto board = board_with_settings(text);
    ASSERT_FALSE(board) << text;
    EXPECT_NE(board.error().detail.find("1, 4, 16"), std::string::npos) << text;
  }
  for (const char* text : {"jetson-nano,", "jetson-nano,speed=3", "jetson-nano,averaging"})
    EXPECT_FALSE(board_with_settings(text)) << text;
  EXPECT_EQ(board_with_settings("toaster,averaging=1").error().code, Errc::not_found);
}

TEST(BoardWithSettings, AWrongShuntMakesReadingsWrongByAsMuch) {
  const auto mean_of = [](const char* text) {
    auto instrument = VirtualInstrument::create(*board_with_settings(text), {}, 0ns, 1, Instant{});
    instrument->advance({}, Instant{2s});
    double sum = 0;
    const std::vector<Reading> readings = instrument->take_readings()[0];
    for (const Reading& reading : readings) sum += std::get<Watts>(reading.value).value();
    return sum / static_cast<double>(readings.size());
  };
  const double right = mean_of("jetson-nano,averaging=1");
  // Same seed, same power; the step of 40 mW is dithered by noise of half a step, so that 1 mW of it is left.
  EXPECT_NEAR(mean_of("jetson-nano,averaging=1,shunt_error=5%"), 1.05 * right, 2e-3);
  EXPECT_NEAR(mean_of("jetson-nano,averaging=1,shunt_offset_uv=80"), right + 80e-6 / 0.005 * 5, 2e-3);
  for (const char* text : {"jetson-nano,shunt_error=5", "jetson-nano,shunt_error=50%",
                           "jetson-nano,shunt_offset_uv=nan", "jetson-nano,shunt_offset_uv=5%"})
    EXPECT_EQ(board_with_settings(text).error().code, Errc::malformed) << text;
}

TEST(BoardWithSettings, BestModeIsUnaveragedConversionsOf140Microseconds) {
  const auto board = board_with_settings("jetson-nano", true);
  ASSERT_TRUE(board);
  EXPECT_EQ(board->sensors.front().averaging, 1);
  EXPECT_EQ(board->sensors.front().conversion, 140us);
  EXPECT_NE(board->name.find("averaging 1"), std::string::npos);
  const auto both = board_with_settings("jetson-nano,averaging=64", true);
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, Errc::malformed);
  EXPECT_EQ(board_with_settings("toaster", true).error().code, Errc::not_found);
}

}  // namespace
}  // namespace layerwatt
