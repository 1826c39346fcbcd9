// SPDX-License-Identifier: Apache-2.0
#include "boards/board_record.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "boards/board.h"
#include "boards/testing/built_in.h"
#include "core/temporary_tree.h"
#include "sensors/sensor.h"

namespace layerwatt {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

const RecordedFile* find(const BoardRecord& record, const std::string& path) {
  for (const RecordedFile& file : record.files)
    if (file.path == path) return &file;
  return nullptr;
}

// As sysfs is: the driver's folder has a link to the device, which is elsewhere.
class LinkedChip : public TemporaryTree {
 public:
  LinkedChip() {
    const std::string device = "/sys/devices/platform/c240000.i2c/i2c-1/1-0040";
    put(device + "/hwmon/hwmon3/name", "ina3221\n");
    put(device + "/hwmon/hwmon3/in1_label", "VDD_IN\n");
    put(device + "/hwmon/hwmon3/in1_input", "5000\n");
    put(device + "/hwmon/hwmon3/curr1_input", "1000\n");
    put(device + "/hwmon/hwmon3/serial_number", "1234567890\n");
    put_directory("/sys/bus/i2c/drivers/ina3221");
    std::filesystem::create_symlink("../../../../devices/platform/c240000.i2c/i2c-1/1-0040",
                                    at("/sys/bus/i2c/drivers/ina3221/1-0040"));
    put("/proc/cpuinfo", "processor\t: 0\nSerial\t\t: 100000001234abcd\n");
  }
};

std::vector<std::string> watts_of(const Machine& machine) {
  std::vector<std::string> all;
  for (const SensorDriver* driver : sensor_drivers())
    for (const auto& sensor : driver->probe(machine, {}).sensors)
      for (std::size_t i = 0; i < sensor->channels().size() && driver->name == "ina3221"; ++i)
        all.push_back(sensor->channels()[i].rail + " " +
                      std::to_string(std::get<Watts>(*sensor->read(i)).value()));
  return all;
}

TEST(BoardRecord, FollowsLinksAndRecordsThemAsLinks) {
  const LinkedChip tree;
  const BoardRecord record = record_board(tree.machine());
  EXPECT_THAT(record.links, ElementsAre(Pair("/sys/bus/i2c/drivers/ina3221/1-0040",
                                             "../../../../devices/platform/c240000.i2c/i2c-1/1-0040")));
  const std::string chip = "/sys/devices/platform/c240000.i2c/i2c-1/1-0040/hwmon/hwmon3/";
  ASSERT_NE(find(record, chip + "in1_input"), nullptr);
  EXPECT_EQ(find(record, chip + "in1_input")->content, "5000\n");
  ASSERT_TRUE(find(record, chip + "in1_input")->times);
  EXPECT_EQ(find(record, chip + "in1_input")->times->reads, 20U);
  EXPECT_FALSE(find(record, chip + "in1_label")->times);
}

TEST(BoardRecord, LeavesOutWhatIdentifiesAUnit) {
  const BoardRecord record = record_board(LinkedChip{}.machine());
  const std::string text = write_board_record(record);
  EXPECT_THAT(text, Not(HasSubstr("1234")));
  EXPECT_THAT(text, HasSubstr("processor"));
}

TEST(BoardRecord, IsReplayedAsTheMachineItWas) {
  for (const char* board : {"jetson-nano-l4t32", "jetson-orin-nano-l4t36", "jetson-agx-orin-l4t35"}) {
    const Machine machine{recorded_boards / board, system_clock()};
    const auto record = parse_board_record(write_board_record(record_board(machine)), "a record");
    ASSERT_TRUE(record) << record.error().detail;
    const auto again = replay(*record, system_clock());
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(recognise_board(*again)->id, recognise_board(machine)->id);
    EXPECT_THAT(watts_of(*again), Not(IsEmpty()));
    EXPECT_EQ(watts_of(*again), watts_of(machine));
  }
  const LinkedChip tree;
  const auto again = replay(record_board(tree.machine()), system_clock());
  ASSERT_TRUE(again);
  EXPECT_THAT(watts_of(*again), ElementsAre("VDD_IN 5.000000"));
}

TEST(BoardRecord, WhatCouldNotBeReadCannotBeReadAgain) {
  BoardRecord record = record_board(LinkedChip{}.machine());
  for (RecordedFile& file : record.files)
    if (file.path.ends_with("in1_input")) {
      file.failure = ENODATA;
      file.content.clear();
    }
  const auto parsed = parse_board_record(write_board_record(record), "a record");
  ASSERT_TRUE(parsed);
  const auto machine = replay(*parsed, system_clock());
  ASSERT_TRUE(machine);
  const std::string chip = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/";
  EXPECT_TRUE(machine->exists(chip + "in1_input"));
  const auto read = machine->read(chip + "in1_input");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::gone);
  EXPECT_EQ(*machine->read(chip + "curr1_input"), "1000");
}

TEST(BoardRecord, FolderGoesWithTheLastCopyOfTheMachine) {
  std::filesystem::path root;
  {
    const auto machine = replay(record_board(LinkedChip{}.machine()), system_clock());
    const Machine copy = *machine;
    root = copy.locate("/");
    EXPECT_TRUE(std::filesystem::exists(root));
  }
  EXPECT_FALSE(std::filesystem::exists(root));
}

TEST(BoardRecord, KeepsBytesThatAreNoText) {
  const TemporaryTree tree;
  const std::string bytes{"nvidia,p3450\0\xff\xfe\0", 16};
  tree.put("/proc/device-tree/compatible", bytes);
  const auto record = parse_board_record(write_board_record(record_board(tree.machine())), "a record");
  ASSERT_TRUE(record);
  EXPECT_EQ(find(*record, "/proc/device-tree/compatible")->content, bytes);
}

TEST(BoardRecord, CarriesARunFile) {
  BoardRecord record;
  record.run = std::string{"SQLite\0\x80\xff", 9};
  EXPECT_EQ(parse_board_record(write_board_record(record), "a record")->run, record.run);
}

std::string with_file(const std::string& path) {
  return R"({"schema": "layerwatt.board-record/1", "provenance": {}, "links": {}, "files": [{"path": ")" +
         path + R"(", "mode": 292, "text": "x"}]})";
}

std::string with_links(const std::string& links) {
  return R"({"schema": "layerwatt.board-record/1", "provenance": {}, "files": [], "links": {)" + links + "}}";
}

TEST(BoardRecord, RefusesWhatIsNone) {
  for (const std::string& text :
       {std::string{}, std::string{"{}"}, std::string{"[1, 2"}, std::string(100'000, '['),
        std::string{R"({"schema": "another"})"}, with_file("relative"), with_file("/a/../../b"),
        with_file("/"), with_file("/a//b"), with_file("/" + std::string(300, 'x')), with_links(R"("/a": "")"),
        with_links(R"("a": "b")"), with_links(R"("/a": 3)")}) {
    const auto record = parse_board_record(text, "hostile");
    ASSERT_FALSE(record) << text.substr(0, 200);
    EXPECT_EQ(record.error().code, Errc::malformed);
  }
}

TEST(BoardRecord, LinksNeverLeadOutOfTheFolder) {
  for (const char* links : {R"("/a": "../../../etc")", R"("/a/b": "../../x")",
                            // Each stays within by its words, the two together do not.
                            R"("/p/q/up": "../../..", "/c": "p/q/up/x")", R"("/a": "b/..", "/b": "..")"}) {
    const auto record = parse_board_record(with_links(links), "hostile");
    ASSERT_TRUE(record) << record.error().detail;
    const auto machine = replay(*record, system_clock());
    EXPECT_FALSE(machine) << links;
  }
  // An absolute target is one of the recorded machine, not of this one.
  const auto absolute = parse_board_record(with_links(R"("/a": "/etc/passwd")"), "a record");
  const auto machine = replay(*absolute, system_clock());
  ASSERT_TRUE(machine) << machine.error().detail;
  EXPECT_FALSE(machine->exists("/a"));
}

TEST(BoardRecord, LinkInPlaceOfAFolderWithFilesIsRefused) {
  const auto record = parse_board_record(
      R"({"schema": "layerwatt.board-record/1", "provenance": {}, "links": {"/a": "b"},
          "files": [{"path": "/a/x", "mode": 292, "text": "x"}]})",
      "hostile");
  ASSERT_TRUE(record);
  EXPECT_FALSE(replay(*record, system_clock()));
}

}  // namespace
}  // namespace layerwatt
