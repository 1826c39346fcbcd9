// SPDX-License-Identifier: Apache-2.0
#include "controls/control.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "controls/testing/orin_chip.h"
#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string interval = chip + "update_interval";

Result<void> forget(const Change&) { return {}; }

struct Tree : TemporaryTree {
  Tree() {
    put(samples, "64\n");
    put(interval, "54\n");
  }
  [[nodiscard]] std::string value(const std::string& file) const {
    return machine().read(file).value_or("?");
  }
};

TEST(ChangeSetting, RemembersBeforeItWritesAndReadsBack) {
  const Tree tree;
  MachineSettings files{tree.machine()};
  std::string at_that_moment;
  const auto remember = [&](const Change& change) -> Result<void> {
    at_that_moment = tree.value(samples);
    EXPECT_EQ(change, (Change{samples, "64", "1"}));
    return {};
  };
  ASSERT_TRUE(change_setting(files, {samples, "1", "1"}, remember));
  EXPECT_EQ(at_that_moment, "64");
  EXPECT_EQ(tree.value(samples), "1");
}

TEST(ChangeSetting, WritesNothingThatWasNotRemembered) {
  const Tree tree;
  MachineSettings files{tree.machine()};
  const auto full = [](const Change&) -> Result<void> { return Error{Errc::full, "journal", "full"}; };
  EXPECT_EQ(change_setting(files, {samples, "1", "1"}, full).error().code, Errc::full);
  EXPECT_EQ(tree.value(samples), "64");
}

TEST(ChangeSetting, WritesNothingThatCannotBeReadOrWrittenBack) {
  const Tree tree;
  MachineSettings files{tree.machine()};
  EXPECT_FALSE(change_setting(files, {chip + "in1_enable", "0", "0"}, forget));
  for (const char* text : {"", "a b\n", "\x01\n"}) {
    tree.put(chip + "in1_enable", text);
    EXPECT_EQ(change_setting(files, {chip + "in1_enable", "0", "0"}, forget).error().code, Errc::malformed);
  }
  EXPECT_EQ(tree.value(chip + "in1_enable"), "\x01");
}

TEST(ChangeSetting, ValueThatReadsOtherwiseThanItWasWrittenIsAnError) {
  const Tree tree;
  MachineSettings files{tree.machine()};
  const auto changed = change_setting(files, {interval, "0", "1"}, forget);
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().detail, HasSubstr("reads 0 after 0 was written; expected 1"));
}

TEST(MachineSettings, ShorterValueLeavesNothingOfTheLongerOne) {
  const Tree tree;
  MachineSettings files{tree.machine()};
  tree.put(samples, "1024\n");
  ASSERT_TRUE(files.write(samples, "4"));
  EXPECT_EQ(std::filesystem::file_size(tree.at(samples)), 2U);
}

TEST(MachineSettings, WritesNoFileThatIsNoSetting) {
  const Tree tree;
  MachineSettings files{tree.machine()};
  tree.put(chip + "curr1_crit", "100\n");
  EXPECT_EQ(files.write(chip + "curr1_crit", "1").error().code, Errc::unsupported);
  EXPECT_EQ(tree.value(chip + "curr1_crit"), "100");
}

TEST(MachineSettings, FollowsLinksWithinSysButNotOutOfIt) {
  const Tree tree;
  MachineSettings files{tree.machine()};
  const std::filesystem::path device = "/sys/devices/i2c-1/1-0041";
  tree.put(device / "hwmon/hwmon4/samples", "64\n");
  std::filesystem::create_symlink("../../../../devices/i2c-1/1-0041",
                                  tree.at("/sys/bus/i2c/drivers/ina3221/1-0041"));
  EXPECT_TRUE(files.write("/sys/bus/i2c/drivers/ina3221/1-0041/hwmon/hwmon4/samples", "1"));
  EXPECT_EQ(tree.value(device / "hwmon/hwmon4/samples"), "1");
  tree.put("/outside/hwmon/hwmon5/samples", "64\n");
  std::filesystem::create_symlink(tree.at("/outside"), tree.at("/sys/bus/i2c/drivers/ina3221/1-0042"));
  EXPECT_EQ(files.write("/sys/bus/i2c/drivers/ina3221/1-0042/hwmon/hwmon5/samples", "1").error().code,
            Errc::unsupported);
  EXPECT_EQ(tree.value("/outside/hwmon/hwmon5/samples"), "64");
}

TEST(MachineSettings, SaysWhenThisUserMayNotWrite) {
  const Tree tree;
  const MachineSettings files{tree.machine()};
  EXPECT_TRUE(files.may_write(samples));
  if (geteuid() == 0) GTEST_SKIP() << "root may write every file: the rest is not tested";
  std::filesystem::permissions(tree.at(samples), std::filesystem::perms{0444});
  EXPECT_EQ(files.may_write(samples).error().code, Errc::permission);
}

// What a run of two changes left.
const std::vector<Change> changes{{samples, "64", "1"}, {interval, "7", "1"}};

struct ChangedTree : Tree {
  ChangedTree() {
    put(samples, "1\n");
    put(interval, "1\n");
  }
};

TEST(UndoChanges, PutsBackTheLastOneFirst) {
  const ChangedTree tree;
  MachineSettings files{tree.machine()};
  const Restored restored = undo_changes(files, changes, Foreign::leave);
  ASSERT_THAT(restored.outcomes, SizeIs(2));
  EXPECT_EQ(restored.outcomes[0].change.file, interval);
  EXPECT_EQ(restored.outcomes[1].fate, Fate::put_back);
  EXPECT_THAT(restored.unfinished, IsEmpty());
  EXPECT_EQ(tree.value(samples) + " " + tree.value(interval), "64 7");
}

TEST(UndoChanges, LeavesWhatSomebodyElseChanged) {
  const ChangedTree tree;
  tree.put(samples, "16\n");
  MachineSettings files{tree.machine()};
  const Restored restored = undo_changes(files, changes, Foreign::leave);
  EXPECT_EQ(tree.value(samples) + " " + tree.value(interval), "16 7");
  EXPECT_THAT(restored.unfinished, ElementsAre(changes[0]));
  EXPECT_EQ(restored.outcomes.back().fate, Fate::foreign);
  EXPECT_THAT(description(restored.outcomes.back()), HasSubstr("is 16"));
}

TEST(UndoChanges, OverwritesOrForgetsItWhenAskedTo) {
  const ChangedTree tree;
  MachineSettings files{tree.machine()};
  tree.put(samples, "16\n");
  EXPECT_THAT(undo_changes(files, changes, Foreign::keep).unfinished, IsEmpty());
  EXPECT_EQ(tree.value(samples), "16");
  EXPECT_THAT(undo_changes(files, changes, Foreign::overwrite).unfinished, IsEmpty());
  EXPECT_EQ(tree.value(samples), "64");
}

TEST(UndoChanges, WhatIsGoneIsSaidAndDone) {
  const ChangedTree tree;
  tree.remove(interval);
  MachineSettings files{tree.machine()};
  const Restored restored = undo_changes(files, changes, Foreign::leave);
  EXPECT_EQ(restored.outcomes.front().fate, Fate::gone);
  EXPECT_THAT(restored.unfinished, IsEmpty());
  EXPECT_EQ(tree.value(samples), "64");
}

TEST(UndoChanges, PromisedValueComesBackUnlessItIsSomebodyElsesNow) {
  const ChangedTree tree;
  MachineSettings files{tree.machine()};
  std::vector<Change> with_promise{{interval, "54", "54"}};
  with_promise.insert(with_promise.end(), changes.begin(), changes.end());
  EXPECT_THAT(undo_changes(files, with_promise, Foreign::leave).unfinished, IsEmpty());
  EXPECT_EQ(tree.value(interval), "54");
  tree.put(interval, "33\n");
  tree.put(samples, "1\n");
  EXPECT_THAT(undo_changes(files, with_promise, Foreign::leave).unfinished,
              ElementsAre(with_promise[0], with_promise[2]));
  EXPECT_EQ(tree.value(interval), "33");
}

}  // namespace
}  // namespace layerwatt
