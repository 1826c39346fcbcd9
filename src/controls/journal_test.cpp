// SPDX-License-Identifier: Apache-2.0
#include "controls/journal.h"

#include <gmock/gmock.h>

#include <random>

#include "controls/testing/orin_chip.h"
#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using ::testing::HasSubstr;

const Journal journal{"11aa-22bb",
                      4711,
                      "/a tree/of mine",
                      {{chip + "update_interval", "54", "54"}, {chip + "samples", "64", "1"}}};

std::string with_line(const std::string& line) {
  return "layerwatt undo journal 1\nboot b\nowner 1\nsysroot /\n" + line + "\nend 1\n";
}

TEST(Journal, IsReadAsItWasWritten) {
  const auto read = parse_journal(journal_text(journal), "j");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, journal);
  EXPECT_TRUE(parse_journal(with_line("set 64 1 " + chip + "samples"), "j"));
}

TEST(Journal, IsATextOfOneSettingALine) {
  EXPECT_EQ(journal_text(journal),
            "layerwatt undo journal 1\nboot 11aa-22bb\nowner 4711\nsysroot /a tree/of mine\n"
            "keep 54 " +
                chip + "update_interval\nset 64 1 " + chip + "samples\nend 2\n");
}

TEST(Journal, CutShortAnywhereItIsAnErrorAndFollowedNowhere) {
  const std::string whole = journal_text(journal);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto read = parse_journal(whole.substr(0, length), "place");
    ASSERT_FALSE(read) << length;
    EXPECT_EQ(read.error().code, Errc::malformed);
    EXPECT_EQ(read.error().where, "place");
  }
}

TEST(Journal, NamesNoFileButThoseOfControls) {
  for (const std::string& line :
       {std::string{"set 1 0 /etc/passwd"}, "set 1 0 " + chip + "../../../../../../../../etc/passwd",
        "set 1 0 " + chip + "curr1_crit", "set 1 0 /tmp" + chip + "samples",
        "set 1 0 " + chip.substr(1) + "samples", "set 1 0 " + chip + "samples ", std::string{"set 1 0 "},
        std::string{"set 1 0"}, "set 1 " + chip + "samples", "set  1 " + chip + "samples",
        "set 1 " + std::string(65, '0') + " " + chip + "samples", "put 1 0 " + chip + "samples",
        "keep 1 0 " + chip + "samples", std::string{}, "set 1\t 0 " + chip + "samples",
        std::string("set 1 0 \0", 9) + chip + "samples"})
    EXPECT_FALSE(parse_journal(with_line(line), "j")) << line;
}

TEST(Journal, OfAnotherVersionIsRefused) {
  std::string text = journal_text(journal);
  text.replace(text.find(" 1\n"), 3, " 2\n");
  EXPECT_THAT(parse_journal(text, "j").error().detail, HasSubstr("layerwatt undo journal 1"));
}

TEST(Journal, RandomDamageNeverNamesAnotherFile) {
  std::mt19937 random{7};
  const std::string whole = journal_text(journal);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 1 + round % 4; ++i)
      damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    const auto read = parse_journal(damaged, "j");
    if (!read) continue;
    for (const Change& change : read->changes) EXPECT_TRUE(is_control_file(change.file));
  }
}

TEST(JournalFolder, FollowsTheEnvironmentAndRootHasItsOwn) {
  EXPECT_EQ(journal_folder("/s", "/home/a", false), "/s/layerwatt");
  EXPECT_EQ(journal_folder("/s", "/home/a", true), "/s/layerwatt");
  EXPECT_EQ(journal_folder(nullptr, "/home/a", true), "/var/lib/layerwatt");
  EXPECT_EQ(journal_folder("", "/home/a", false), "/home/a/.local/state/layerwatt");
  EXPECT_EQ(journal_folder("relative", "/home/a", false), "/home/a/.local/state/layerwatt");
  EXPECT_TRUE(journal_folder(nullptr, nullptr, false).empty());
}

TEST(JournalFile, IsThereAfterSavingAndGoneAfterRemoving) {
  const TemporaryTree tree;
  const auto folder = tree.root() / "made" / "by it";
  auto file = JournalFile::hold(folder);
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->load()->has_value());
  ASSERT_TRUE(file->save(journal));
  EXPECT_EQ(**file->load(), journal);
  EXPECT_EQ((*look_for_journal(folder))->journal, journal);
  ASSERT_TRUE(file->remove());
  EXPECT_TRUE(file->remove());
  EXPECT_FALSE(look_for_journal(folder)->has_value());
}

TEST(JournalFile, IsHeldByOneAtATimeAndSaysByWhom) {
  const TemporaryTree tree;
  {
    const auto first = JournalFile::hold(tree.root());
    ASSERT_TRUE(first->save(journal));
    const auto second = JournalFile::hold(tree.root());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::busy);
    EXPECT_THAT(second.error().detail, HasSubstr("process 4711"));
    EXPECT_TRUE((*look_for_journal(tree.root()))->in_use);
  }
  EXPECT_FALSE((*look_for_journal(tree.root()))->in_use);
  EXPECT_TRUE(JournalFile::hold(tree.root()));
}

TEST(JournalFile, ThatOthersMayWriteIsNotFollowed) {
  const TemporaryTree tree;
  const auto file = JournalFile::hold(tree.root());
  ASSERT_TRUE(file->save(journal));
  std::filesystem::permissions(tree.root() / "undo-journal", std::filesystem::perms{0666});
  EXPECT_EQ(file->load().error().code, Errc::malformed);
  std::filesystem::rename(tree.root() / "undo-journal", tree.root() / "other");
  std::filesystem::create_symlink(tree.root() / "other", tree.root() / "undo-journal");
  EXPECT_FALSE(file->load());
}

// Also for root, who may write everywhere but not into what is no folder.
TEST(JournalFile, PlaceThatCannotBeWrittenIsSaid) {
  const TemporaryTree tree;
  tree.put("/file", "");
  const auto file = JournalFile::hold(tree.root() / "file" / "folder");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().detail, HasSubstr("XDG_STATE_HOME"));
  EXPECT_THAT(JournalFile::hold({}).error().detail, HasSubstr("HOME"));
}

TEST(JournalFile, HalfWrittenOneBesideItIsNoMatter) {
  const TemporaryTree tree;
  tree.put("/undo-journal.new", "layerwatt undo");
  const auto file = JournalFile::hold(tree.root());
  EXPECT_FALSE(file->load()->has_value());
  EXPECT_TRUE(file->save(journal));
  EXPECT_EQ(**file->load(), journal);
}

}  // namespace
}  // namespace layerwatt
