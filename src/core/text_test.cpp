// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include <gmock/gmock.h>

namespace layerwatt::text {
namespace {

using ::testing::ElementsAre;

TEST(Text, NumbersAreAllOfTheTextAndFinite) {
  EXPECT_EQ(number(" +1.5e3\r"), 1500);
  EXPECT_EQ(number("-.5"), -0.5);
  for (const char* text : {"", " ", "1,5", "1 2", "nan", "inf", "1e999", "0x10", "+-1", "1V"})
    EXPECT_FALSE(number(text)) << text;
  EXPECT_EQ(integer("9007199254740993"), 9007199254740993);
  EXPECT_FALSE(integer("99999999999999999999"));
  EXPECT_FALSE(integer("1.5"));
}

TEST(Text, FieldsKeepEmptyOnesAndLoseQuotes) {
  EXPECT_THAT(fields("a,, \"b c\" ,\"", ','), ElementsAre("a", "", "b c", "\""));
  EXPECT_THAT(fields("", ','), ElementsAre(""));
  EXPECT_THAT(words("  a  b "), ElementsAre("a", "b"));
}

TEST(Text, LowerCaseIsOfLettersOfAsciiAlone) {
  EXPECT_EQ(lower_case("AZaz09_[@"), "azaz09_[@");
  EXPECT_EQ(lower_case("\u00c4"), "\u00c4");
}

TEST(Text, KnowsBothWaysToWriteMicro) {
  EXPECT_EQ(prefix("u"), 1e-6);
  EXPECT_EQ(prefix("\u00b5"), 1e-6);
  EXPECT_EQ(prefix("\u03bc"), 1e-6);
  EXPECT_EQ(prefix(""), 1);
  EXPECT_FALSE(prefix("x"));
}

}  // namespace
}  // namespace layerwatt::text
