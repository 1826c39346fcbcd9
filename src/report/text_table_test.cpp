// SPDX-License-Identifier: Apache-2.0
#include "report/text_table.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

TextTable table() {
  TextTable made;
  made.columns = {{"name"}, {"kind"}, {"size", true}, {"remarkable", true, 1}};
  made.rows = {{{"a name that is rather long", "x", "12", "1"}, ""}, {{"b", "yy", "", ""}, "none"}};
  return made;
}

Style of(int columns) { return {false, true, columns, false}; }

TEST(TextTable, SetsNumbersToTheRightAndTextToTheLeft) {
  EXPECT_EQ(text_table(table(), of(80)),
            " name                        kind  size  remarkable\n"
            " a name that is rather long  x       12           1\n"
            " b                           yy    none\n");
}

TEST(TextTable, ShortensTheFirstColumnBeforeItDropsOne) {
  EXPECT_EQ(text_table(table(), of(42)),
            " name               kind  size  remarkable\n"
            " a name t…her long  x       12           1\n"
            " b                  yy    none\n");
}

TEST(TextTable, DropsColumnsOfTheHighestRank) {
  EXPECT_EQ(text_table(table(), of(32)),
            " name                 kind  size\n"
            " a name th…ther long  x       12\n"
            " b                    yy    none\n");
}

TEST(TextTable, BreaksARemarkBetweenWords) {
  TextTable long_remark = table();
  long_remark.rows[1].remark = "none at all";
  EXPECT_EQ(text_table(long_remark, of(36)),
            " name                     kind  size\n"
            " a name that…rather long  x       12\n"
            " b                        yy    none\n"
            "                                at\n"
            "                                all\n");
}

}  // namespace
}  // namespace layerwatt
