// SPDX-License-Identifier: Apache-2.0
#include "session/line_splitter.h"

#include <gmock/gmock.h>

#include <vector>

namespace layerwatt {
namespace {

using ::testing::ElementsAre;

struct Lines {
  std::vector<std::string> all;
  int too_long = 0;
  auto collect() {
    return [this](std::string_view line, bool is_too_long) {
      all.emplace_back(line);
      too_long += is_too_long;
    };
  }
};

TEST(LineSplitter, GivesTheSameLinesHoweverTheyAreCut) {
  const std::string text = "a\n\nbc\r\ndef\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    LineSplitter splitter;
    Lines lines;
    for (std::size_t at = 0; at < text.size(); at += size)
      splitter.add(text.substr(at, size), lines.collect());
    EXPECT_THAT(lines.all, ElementsAre("a", "", "bc\r", "def")) << size;
  }
}

TEST(LineSplitter, KeepsALineThatHasNotEnded) {
  LineSplitter splitter;
  Lines lines;
  splitter.add("4.2", lines.collect());
  EXPECT_TRUE(lines.all.empty());
  splitter.add("5\n", lines.collect());
  EXPECT_THAT(lines.all, ElementsAre("4.25"));
}

TEST(LineSplitter, TakesNoMoreThanItsLimitOfALineWithoutEnd) {
  LineSplitter splitter{10};
  Lines lines;
  for (int i = 0; i < 1000; ++i) splitter.add("xxxx", lines.collect());
  EXPECT_LE(splitter.begun().size(), 10U);
  splitter.add("\nshort\n", lines.collect());
  EXPECT_THAT(lines.all, ElementsAre("xxxxxxxx", "short"));
  EXPECT_EQ(lines.too_long, 1);
}

}  // namespace
}  // namespace layerwatt
