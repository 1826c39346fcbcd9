// SPDX-License-Identifier: Apache-2.0
#include "controls/controls.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "controls/testing/orin_chip.h"
#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string boot_id = "/proc/sys/kernel/random/boot_id";

// A machine and a place for the journal.
struct World {
  World() {
    tree.put(samples, "64\n");
    tree.put(chip + "in2_enable", "1\n");
    tree.put(boot_id, "11aa\n");
  }
  [[nodiscard]] Result<Controls> open() const { return Controls::open(tree.machine(), state.root()); }
  [[nodiscard]] std::string value(const std::string& file) const { return *tree.machine().read(file); }
  [[nodiscard]] bool has_journal() const { return look_for_journal(state.root())->has_value(); }
  // Changes a setting in a process that then ends at once, as kill -9 ends one.
  void leave_changed() const {
    const int child = fork();
    if (child == 0) {
      auto controls = open();
      const bool good = controls && controls->restore_left_behind(Foreign::leave) &&
                        controls->set({samples, "1", "1"}) && controls->set({chip + "in2_enable", "0", "0"});
      _exit(good ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    ASSERT_EQ(value(samples) + value(chip + "in2_enable"), "10");
    ASSERT_TRUE(has_journal());
  }
  TemporaryTree tree, state;
};

TEST(Controls, AreBackWhenTheObjectGoes) {
  const World world;
  {
    auto controls = world.open();
    ASSERT_TRUE(controls->restore_left_behind(Foreign::leave));
    ASSERT_TRUE(controls->set({samples, "1", "1"}));
    EXPECT_EQ(world.value(samples), "1");
    EXPECT_TRUE(world.has_journal());
  }
  EXPECT_EQ(world.value(samples), "64");
  EXPECT_FALSE(world.has_journal());
}

TEST(Controls, AreBackAfterAnException) {
  const World world;
  try {
    auto controls = world.open();
    ASSERT_TRUE(controls->restore_left_behind(Foreign::leave));
    ASSERT_TRUE(controls->set({samples, "1", "1"}));
    throw std::runtime_error{"engine"};
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(world.value(samples), "64");
}

TEST(Controls, MovedTheyAreRestoredOnce) {
  const World world;
  {
    auto controls = world.open();
    ASSERT_TRUE(controls->restore_left_behind(Foreign::leave));
    ASSERT_TRUE(controls->set({samples, "1", "1"}));
    const Controls other{std::move(*controls)};
    EXPECT_EQ(world.value(samples), "1");
  }
  EXPECT_EQ(world.value(samples), "64");
}

TEST(Controls, RestoreTwiceDoesNothingTheSecondTime) {
  const World world;
  auto controls = world.open();
  ASSERT_TRUE(controls->restore_left_behind(Foreign::leave));
  ASSERT_TRUE(controls->set({samples, "1", "1"}));
  EXPECT_THAT(controls->restore().outcomes, SizeIs(1));
  world.tree.put(samples, "16\n");
  EXPECT_THAT(controls->restore().outcomes, IsEmpty());
  EXPECT_EQ(world.value(samples), "16");
}

TEST(Controls, SecondRunIsRefusedWhileTheFirstLives) {
  const World world;
  const auto first = world.open();
  const auto second = world.open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::busy);
}

TEST(Controls, NextRunPutsBackWhatAKilledOneLeft) {
  const World world;
  world.leave_changed();
  auto controls = world.open();
  const auto behind = controls->restore_left_behind(Foreign::leave);
  ASSERT_TRUE(behind && *behind);
  EXPECT_THAT((*behind)->restored.outcomes, SizeIs(2));
  EXPECT_EQ(world.value(samples) + world.value(chip + "in2_enable"), "641");
  EXPECT_FALSE(world.has_journal());
  EXPECT_FALSE(controls->restore_left_behind(Foreign::leave)->has_value());
}

TEST(Controls, RebootEndsAJournalAndNothingIsWritten) {
  const World world;
  world.leave_changed();
  world.tree.put(boot_id, "22bb\n");
  auto controls = world.open();
  const auto behind = controls->restore_left_behind(Foreign::leave);
  ASSERT_TRUE(behind && *behind);
  EXPECT_TRUE((*behind)->rebooted);
  EXPECT_EQ(world.value(samples), "1");
  EXPECT_FALSE(world.has_journal());
}

TEST(Controls, JournalOfAnotherMachineIsNotFollowed) {
  const World world;
  world.leave_changed();
  TemporaryTree other;
  other.put(samples, "1\n");
  auto controls = Controls::open(other.machine(), world.state.root());
  const auto behind = controls->restore_left_behind(Foreign::overwrite);
  ASSERT_FALSE(behind);
  EXPECT_THAT(behind.error().detail, HasSubstr("--sysroot"));
  EXPECT_EQ(*other.machine().read(samples), "1");
  EXPECT_TRUE(world.has_journal());
}

TEST(Controls, WhatOthersChangedStaysAndStaysInTheJournal) {
  const World world;
  world.leave_changed();
  world.tree.put(samples, "16\n");
  {
    auto controls = world.open();
    EXPECT_THAT((*controls->restore_left_behind(Foreign::leave))->restored.unfinished,
                ElementsAre(Change{samples, "64", "1"}));
  }
  EXPECT_EQ(world.value(samples) + world.value(chip + "in2_enable"), "161");
  ASSERT_TRUE(world.has_journal());
  ASSERT_TRUE(world.open()->restore_left_behind(Foreign::overwrite));
  EXPECT_EQ(world.value(samples), "64");
  EXPECT_FALSE(world.has_journal());
}

TEST(Controls, HostileJournalIsAnErrorAndWritesNothing) {
  const World world;
  world.tree.put("/etc/target", "64\n");
  world.state.put("/undo-journal", "layerwatt undo journal 1\nboot 11aa\nowner 1\nsysroot " +
                                       sysroot_of(world.tree.machine()) + "\nset 0 64 /etc/target\nend 1\n");
  auto controls = world.open();
  EXPECT_EQ(controls->restore_left_behind(Foreign::overwrite).error().code, Errc::malformed);
  EXPECT_EQ(world.value("/etc/target"), "64");
}

// Nothing but the setting and the journal: everything else has the content and the time it had.
TEST(Controls, WriteNothingElse) {
  const World world;
  world.tree.put(chip + "in1_enable", "1\n");
  world.tree.put("/proc/cpuinfo", "x\n");
  const auto past = std::filesystem::file_time_type::clock::now() - std::chrono::hours{1};
  for (const auto& entry : std::filesystem::recursive_directory_iterator{world.tree.root()})
    if (entry.is_regular_file()) std::filesystem::last_write_time(entry.path(), past);
  world.leave_changed();
  ASSERT_TRUE(world.open()->restore_left_behind(Foreign::leave));
  for (const auto& entry : std::filesystem::recursive_directory_iterator{world.tree.root()}) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().filename();
    const bool ours = name == "samples" || name == "in2_enable";
    EXPECT_EQ(entry.last_write_time() != past, ours) << entry.path();
  }
}

}  // namespace
}  // namespace layerwatt
