// SPDX-License-Identifier: Apache-2.0
#include "inputs/picture_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using testing::HasSubstr;

class PictureList : public testing::Test {
 protected:
  PictureList() {
    for (const char* name : {"b.png", "a.PPM", "c.jpeg", "notes.txt", ".hidden.png"})
      tree_.put(std::string{"/all/"} + name, "x");
    for (const char* name : {"cat/2.png", "cat/1.png", "dog/1.png"})
      tree_.put(std::string{"/classes/"} + name, "x");
  }
  std::string names(const std::filesystem::path& input, const std::filesystem::path& labels = {}) {
    const auto found = list_pictures(input, labels);
    if (!found) return "error";
    std::string text;
    for (const Picture& one : *found)
      text += one.path.filename().string() + (one.label ? "=" + std::to_string(*one.label) : "") + " ";
    return text;
  }
  std::string refusal(const std::filesystem::path& input, const std::filesystem::path& labels = {}) {
    const auto found = list_pictures(input, labels);
    EXPECT_FALSE(found);
    return found ? "" : found.error().where + ": " + found.error().detail;
  }
  std::filesystem::path labels(const std::string& text) {
    tree_.put("/labels.txt", text);
    return tree_.at("/labels.txt");
  }
  std::filesystem::path at(const std::string& path) { return tree_.at(path); }
  const TemporaryTree tree_;
};

TEST_F(PictureList, TakesPicturesInTheOrderOfTheirNames) {
  EXPECT_EQ(names(at("/all")), "a.PPM b.png c.jpeg ");
}

TEST_F(PictureList, TakesASinglePicture) { EXPECT_EQ(names(at("/all/b.png")), "b.png "); }

TEST_F(PictureList, NumbersClassFoldersInTheOrderOfTheirNames) {
  EXPECT_EQ(names("", at("/classes")), "1.png=0 2.png=0 1.png=1 ");
  EXPECT_EQ(names(at("/classes"), at("/classes")), "1.png=0 2.png=0 1.png=1 ");
}

TEST_F(PictureList, TakesNumbersAsNamesOfClassesForWhatTheyAre) {
  tree_.put("/numbers/10/a.png", "x");
  tree_.put("/numbers/9/b.png", "x");
  EXPECT_EQ(names("", at("/numbers")), "a.png=10 b.png=9 ");
  tree_.put("/numbers/09/c.png", "x");
  EXPECT_THAT(refusal("", at("/numbers")), HasSubstr("two sub-folders for one class"));
}

TEST_F(PictureList, ReadsNamesAndClasses) {
  EXPECT_EQ(names(at("/all"), labels("# comment\nc.jpeg 3\r\n\n a.PPM\t0\nb.png 12")),
            "c.jpeg=3 a.PPM=0 b.png=12 ");
}

TEST_F(PictureList, ReadsNamesWithSpacesBelowTheFileItself) {
  tree_.put("/odd name.png", "x");
  EXPECT_EQ(names("", labels("odd name.png 1\nclasses/cat/1.png 0\n")), "odd name.png=1 1.png=0 ");
}

TEST_F(PictureList, ReadsClassesInTheOrderOfNames) {
  EXPECT_EQ(names(at("/all"), labels("7\n8\n9\n")), "a.PPM=7 b.png=8 c.jpeg=9 ");
}

TEST_F(PictureList, RefusesLabelsThatDoNotMatch) {
  EXPECT_THAT(refusal(at("/all"), labels("1\n2\n")), HasSubstr("has 2 labels, and"));
  EXPECT_THAT(refusal(at("/all"), labels("a.PPM 1\nzebra.png 2\n")),
              HasSubstr("labels.txt:2: names zebra.png"));
  EXPECT_THAT(refusal(at("/all"), labels("a.PPM 1\nb.png 2\n")), HasSubstr("c.jpeg: has no label in"));
  EXPECT_THAT(refusal(at("/all"), labels("a.PPM 1\na.PPM 2\n")), HasSubstr("a second time"));
  EXPECT_THAT(refusal(at("/all"), labels("a.PPM 1\n2\n")), HasSubstr("labels.txt:2: either every line"));
  for (const char* line : {"a.PPM", "a.PPM one", "a.PPM -1", "a.PPM 99999999999"})
    EXPECT_THAT(refusal(at("/all"), labels(line)), HasSubstr("labels.txt:1: expected a file name")) << line;
  EXPECT_THAT(refusal(at("/all"), labels("# nothing\n")), HasSubstr("has no labels"));
  EXPECT_THAT(refusal(at("/all"), at("/nothing.txt")), HasSubstr("no such file or folder"));
  EXPECT_THAT(refusal(at("/all"), at("/classes")), HasSubstr("leave --input out"));
}

TEST_F(PictureList, SaysWhatAFolderLacks) {
  tree_.put_directory("/empty");
  EXPECT_THAT(refusal(at("/empty")), HasSubstr("has no pictures"));
  EXPECT_THAT(refusal(at("/classes")), HasSubstr("--labels"));
  EXPECT_THAT(refusal("", at("/empty")), HasSubstr("has no sub-folders"));
  EXPECT_THAT(refusal("", at("/all")), HasSubstr("has no sub-folders"));
  EXPECT_THAT(refusal(at("/nowhere")), HasSubstr("neither random"));
  tree_.put("/classes/stray.png", "x");
  EXPECT_THAT(refusal("", at("/classes")), HasSubstr("which class is it of?"));
}

TEST_F(PictureList, SaysThatAFolderMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  tree_.put_directory("/closed");
  std::filesystem::permissions(at("/closed"), std::filesystem::perms::none);
  const auto found = list_pictures(at("/closed"), {});
  std::filesystem::permissions(at("/closed"), std::filesystem::perms::owner_all);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::permission);
}

}  // namespace
}  // namespace layerwatt
