// SPDX-License-Identifier: Apache-2.0
#include "boards/board.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "boards/testing/built_in.h"
#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Machine recorded(const std::string& name) { return Machine{recorded_boards / name, system_clock()}; }

TEST(Board, EveryBuiltInFileParsesAndIsNamedAsItsFile) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator{LAYERWATT_SOURCE "/boards"})
    files.push_back(entry.path().stem());
  for (const std::string_view text : board_texts()) {
    const auto board = parse_board(text, "built-in");
    ASSERT_TRUE(board) << board.error().where << ": " << board.error().detail;
    EXPECT_THAT(files, Contains(board->id));
  }
  EXPECT_EQ(board_texts().size(), files.size());
  EXPECT_EQ(board_ids().size(), files.size());
}

TEST(Board, NameThatIsNotKnownListsTheKnownOnes) {
  const auto board = board_named("toaster");
  ASSERT_FALSE(board);
  EXPECT_EQ(board.error().code, Errc::not_found);
  EXPECT_THAT(board.error().detail, HasSubstr("jetson-nano"));
}

TEST(Board, IsRecognisedByTheMostSpecificName) {
  EXPECT_EQ(recognise_board(recorded("jetson-nano-l4t32"))->id, "jetson-nano");
  EXPECT_EQ(recognise_board(recorded("jetson-orin-nano-l4t36"))->id, "jetson-orin-nano");
  EXPECT_EQ(recognise_board(recorded("jetson-agx-orin-l4t35"))->id, "jetson-agx-orin");
}

TEST(Board, NameOfTheChipAloneIsNoBoard) {
  const std::string names{"somebody,else\0nvidia,tegra210\0", 30};
  const TemporaryTree one;
  one.put("/proc/device-tree/compatible", names);
  EXPECT_FALSE(recognise_board(one.machine()));
}

TEST(Board, LaterRevisionsOfAModuleMatchThePattern) {
  const std::string names{"nvidia,p3768-0000+p3767-0009-super\0nvidia,tegra234\0", 51};
  const TemporaryTree one;
  one.put("/proc/device-tree/compatible", names);
  ASSERT_TRUE(recognise_board(one.machine()));
  EXPECT_EQ(recognise_board(one.machine())->id, "jetson-orin-nx");
}

TEST(Board, AnyOtherMachineIsGeneric) {
  const TemporaryTree x86;
  x86.put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n");
  EXPECT_EQ(recognise_board(x86.machine())->id, "generic-x86");
  const TemporaryTree arm;
  arm.put("/proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\n");
  EXPECT_EQ(recognise_board(arm.machine())->id, "generic-arm");
  const TemporaryTree other;
  other.put("/proc/cpuinfo", "processor : 0\nhart : 1\n");
  EXPECT_FALSE(recognise_board(other.machine()));
  EXPECT_FALSE(recognise_board(Machine{"/nonexistent", system_clock()}));
}

Channel named(const char* rail) {
  Channel channel;
  channel.rail = rail;
  return channel;
}

TEST(BoardFacts, TotalContainsAllOthersAndPartsSayWhatFeedsThem) {
  const Board nano = *board_named("jetson-nano");
  const Channel total = with_board_facts(nano, "ina3221", "6-0040", {}, named("POM_5V_IN"));
  EXPECT_TRUE(total.is_total);
  EXPECT_THAT(total.part_of, IsEmpty());
  const Channel part = with_board_facts(nano, "ina3221", "6-0040", {}, named("POM_5V_GPU"));
  EXPECT_FALSE(part.is_total);
  EXPECT_EQ(part.part_of, "POM_5V_IN");
}

TEST(BoardFacts, RailThatFeedsOnlyOneOtherIsNoTotal) {
  const Board orin = *board_named("jetson-agx-orin");
  EXPECT_FALSE(with_board_facts(orin, "ina3221", "1-0040", {}, named("VIN_SYS_5V0")).is_total);
  EXPECT_EQ(with_board_facts(orin, "ina3221", "1-0041", {}, named("VDDQ_VDD2_1V8AO")).part_of, "VIN_SYS_5V0");
}

TEST(BoardFacts, QuantumIsTheShuntStepTimesTheVoltage) {
  const Board nano = *board_named("jetson-nano");
  const Channel rail = with_board_facts(nano, "ina3221", "6-0040", {}, named("POM_5V_IN"));
  ASSERT_TRUE(rail.quantum);
  EXPECT_NEAR(rail.quantum->value(), 0.040, 1e-12);  // 40 uV / 5 mOhm x 5 V
}

TEST(BoardFacts, AccuracyIsThatOfTheChipAndTheShunt) {
  const Board xavier = *board_named("jetson-agx-xavier");
  const Accuracy known = with_board_facts(xavier, "ina3221", "1-0040", {}, named("GPU")).accuracy;
  EXPECT_EQ(known.shunt_gain, 0.0025);
  EXPECT_EQ(known.bus_gain, 0.0025);
  EXPECT_EQ(known.shunt_offset, Volts{80e-6});
  EXPECT_EQ(known.bus_offset, Volts{16e-3});
  EXPECT_EQ(known.shunt, Ohms{0.005});
  EXPECT_EQ(known.shunt_tolerance, 0.01);
  EXPECT_EQ(known.bus, Volts{19.4});
  EXPECT_THAT(known.source, HasSubstr("SBOS576"));
  EXPECT_THAT(known.source, HasSubstr("DG-09840-001"));
}

TEST(BoardFacts, ToleranceThatNoSourceGivesIsNotKnown) {
  const Board nano = *board_named("jetson-nano");
  const Accuracy known = with_board_facts(nano, "ina3221", "6-0040", {}, named("POM_5V_IN")).accuracy;
  EXPECT_EQ(known.shunt, Ohms{0.005});
  EXPECT_FALSE(known.shunt_tolerance);
}

TEST(BoardFacts, ToleranceIsThatOfTheBoardsOwnShunt) {
  const Board xavier = *board_named("jetson-agx-xavier");
  Channel read = named("GPU");
  read.accuracy.shunt = Ohms{0.002};
  read.accuracy.bus = Volts{19.0};
  const Accuracy known = with_board_facts(xavier, "ina3221", "1-0040", {}, read).accuracy;
  EXPECT_EQ(known.shunt, Ohms{0.002});
  EXPECT_EQ(known.bus, Volts{19.0});
  EXPECT_FALSE(known.shunt_tolerance);
  EXPECT_EQ(known.shunt_gain, 0.0025);
}

TEST(BoardFacts, WhatTheSensorReadItselfIsKept) {
  const Board nano = *board_named("jetson-nano");
  Channel read = named("POM_5V_IN");
  read.quantum = Watts{0.041};
  read.averaging = 1;
  const Channel rail = with_board_facts(nano, "ina3221", "6-0040", {{"running_mode", "continuous"}}, read);
  EXPECT_EQ(rail.quantum, Watts{0.041});
  EXPECT_EQ(rail.averaging, 1);
}

TEST(BoardFacts, ShippedAveragingHoldsOnlyWhenTheChipIsSaidToRunContinuously) {
  const Board nano = *board_named("jetson-nano");
  const Channel continuous =
      with_board_facts(nano, "ina3221", "6-0040", {{"running_mode", "continuous"}}, named("POM_5V_IN"));
  EXPECT_EQ(continuous.averaging, 64);
  EXPECT_EQ(continuous.refresh, 840us);
  EXPECT_EQ(continuous.aperture, 140us);
  const Channel unread =
      with_board_facts(nano, "ina3221", "6-0040", {{"running_mode", "not readable"}}, named("POM_5V_IN"));
  EXPECT_FALSE(unread.averaging);
  EXPECT_FALSE(unread.refresh);
}

TEST(BoardFacts, RailOfAnotherSensorIsLeftAsItIs) {
  const Board nano = *board_named("jetson-nano");
  EXPECT_FALSE(with_board_facts(nano, "ina3221", "1-0040", {}, named("POM_5V_IN")).is_total);
  EXPECT_FALSE(with_board_facts(nano, "ina3221", "6-0040", {}, named("ch1")).quantum);
}

Error error_of(const std::string& text) {
  const auto board = parse_board(text, "test.toml");
  EXPECT_FALSE(board) << text.substr(0, 200);
  return board ? Error{} : board.error();
}

TEST(BoardToml, ErrorNamesTheLine) {
  EXPECT_THAT(error_of("id = \"a\"\nname = = \"b\"\n").where, HasSubstr("line 2"));
}

TEST(BoardToml, UnknownKeysAreRefused) {
  EXPECT_THAT(error_of("id = \"a\"\nname = \"b\"\ncolour = 1\n").where, HasSubstr("colour"));
}

TEST(BoardToml, FactsWithoutASourceAreRefused) {
  EXPECT_THAT(error_of("id = \"a\"\nname = \"b\"\n[[rails]]\nname = \"X\"\n").where, HasSubstr("source"));
}

TEST(BoardToml, NumbersOutOfRangeAreRefused) {
  for (const char* number : {"nan", "inf", "-1", "0", "1e300", "\"5\"", "true", "[]"}) {
    const std::string text =
        std::string{"id = \"a\"\nname = \"b\"\n[[rails]]\nname = \"X\"\nsource = \"s\"\n"} +
        "shunt_ohm = " + number + "\n";
    EXPECT_THAT(error_of(text).where, HasSubstr("shunt_ohm")) << number;
  }
}

TEST(BoardToml, AccuracyThatMakesNoSenseIsRefused) {
  const std::string head = "id = \"a\"\nname = \"b\"\n";
  const std::string rail = head + "[[rails]]\nname = \"X\"\nsource = \"s\"\nshunt_tolerance = 0.01\n";
  EXPECT_THAT(error_of(rail).where, HasSubstr("shunt_tolerance"));  // of which shunt?
  const std::string chip = head + "[accuracy]\ndriver = \"ina3221\"\n";
  EXPECT_THAT(error_of(chip).where, HasSubstr("source"));
  EXPECT_THAT(error_of(chip + "source = \"s\"\nbus_gain = 25\n").where, HasSubstr("bus_gain"));
}

TEST(BoardToml, RailsThatContainEachOtherAreRefused) {
  const std::string head = "id = \"a\"\nname = \"b\"\n";
  const auto rail = [](const std::string& name, const std::string& part) {
    return "[[rails]]\nname = \"" + name + "\"\ncontains = [\"" + part + "\"]\nsource = \"s\"\n";
  };
  EXPECT_THAT(error_of(head + rail("X", "X")).detail, HasSubstr("contains itself"));
  EXPECT_THAT(error_of(head + rail("X", "Y") + rail("Y", "X")).detail, HasSubstr("contains itself"));
  EXPECT_THAT(error_of(head + rail("X", "Z")).detail, HasSubstr("no rail"));
  EXPECT_THAT(error_of(head + rail("X", "Y") + rail("Y", "Z") + rail("Z", "Y")).detail, HasSubstr("twice"));
}

TEST(BoardToml, HostileTextIsAnErrorAndNothingWorse) {
  error_of("");
  error_of(std::string(2 << 20, 'x'));
  error_of(std::string(100000, '['));
  error_of("a = " + std::string(100000, '[') + std::string(100000, ']'));
  error_of(std::string{"id = \"a\0b\"\nname = \"c\"", 22});
  error_of("id = \"\\u001b[31m\"\nname = \"red\"");
  error_of("\xff\xfe\x00");
  error_of("id = [\"a\"]\nname = {b = 1}\nrails = 7\nsensors = [1]\nmodel = []\n");
  error_of("id = \"a\"\nname = \"b\"\nrails = [1, 2]\n");
}

TEST(BoardToml, TruncationAnywhereIsAnErrorOrAnEarlierWholeBoard) {
  for (const std::string_view whole : board_texts())
    for (std::size_t length = 0; length < whole.size(); length += 7)
      if (const auto board = parse_board(whole.substr(0, length), "cut")) {
        EXPECT_FALSE(board->id.empty());
      }
}

}  // namespace
}  // namespace layerwatt
