// SPDX-License-Identifier: Apache-2.0
#include "report/text.h"

#include <gtest/gtest.h>

#include "report/testing/styles.h"

namespace layerwatt {
namespace {

TEST(Text, KeepsEscapeSequencesInNamesFromTheTerminal) {
  EXPECT_EQ(printable("conv\033[2Jx\n", utf8), "conv?[2Jx?");
  EXPECT_EQ(printable("a\u009b1mb", utf8), "a?1mb");  // CSI as one character
}

TEST(Text, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(printable("caf\xc3\xa9", utf8), "café");
  EXPECT_EQ(printable("caf\xc3\xa9", ascii), "caf?");
  EXPECT_EQ(printable("\xc3", utf8), "?");
  EXPECT_EQ(printable("\xff\xfe", utf8), "??");
  EXPECT_EQ(printable("\xc0\xaf", utf8), "??");            // overlong '/'
  EXPECT_EQ(printable("\xed\xa0\x80", utf8), "???");       // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80", utf8), "????");  // beyond U+10FFFF
}

TEST(Text, CountsCharactersNotBytes) {
  EXPECT_EQ(width_of("µé…"), 3U);
  EXPECT_EQ(left("µ", 3), "µ  ");
  EXPECT_EQ(right("µ", 3), "  µ");
  EXPECT_EQ(left("long", 2), "long");
}

TEST(Text, ElidesTheMiddleBecauseNamesDifferAtBothEnds) {
  EXPECT_EQ(elided("features.0.conv", 15, utf8), "features.0.conv");
  EXPECT_EQ(elided("features.0.conv", 9, utf8), "feat…conv");
  EXPECT_EQ(elided("features.0.conv", 9, ascii), "feat..onv");
  EXPECT_EQ(elided("éééééé", 5, utf8), "éé…éé");
  EXPECT_EQ(elided("features", 1, ascii), "f");
  EXPECT_EQ(elided("features", 0, ascii), "");
}

TEST(Text, ShortensFusedLayersToTheFirstAndACount) {
  EXPECT_EQ(short_name("conv1 + relu1", 20, utf8), "conv1 + relu1");
  EXPECT_EQ(short_name("fire2/expand1x1 + fire2/relu", 20, utf8), "fire2/expand1x1 +1");
  EXPECT_EQ(short_name("convolution + bias + relu", 13, utf8), "convo…tion +2");
  EXPECT_EQ(short_name("a_long_name", 5, utf8), "a_…me");
}

TEST(Text, WrapsBetweenWordsButKeepsANumberWithItsUnit) {
  EXPECT_EQ(wrapped("one two three", 8, 2), "one two\n  three");
  EXPECT_EQ(wrapped("took 0.4 % of a core", 9, 0), "took\n0.4 % of\na core");
  EXPECT_EQ(wrapped("unbreakable", 4, 2), "unbreakable");
  EXPECT_EQ(wrapped("", 4, 2), "");
}

TEST(Text, DrawsBarsInEighthsOrHashes) {
  EXPECT_EQ(bar(1, 4, utf8), "████");
  EXPECT_EQ(bar(0.53125, 4, utf8), "██▏");
  EXPECT_EQ(bar(0.5, 4, ascii), "##");
  EXPECT_EQ(bar(-1, 4, ascii), "");
  EXPECT_EQ(bar(7, 2, ascii), "##");
}

TEST(Text, HasNoColourUnlessAsked) {
  EXPECT_EQ(painted(Ink::warning, "x", ascii), "x");
  EXPECT_EQ(painted(Ink::warning, "x", Style{true, false, 100, false}), "\033[1;33mx\033[0m");
}

}  // namespace
}  // namespace layerwatt
