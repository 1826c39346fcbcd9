// SPDX-License-Identifier: Apache-2.0
#include "markers/printable.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

TEST(Printable, KeepsTextAndUtf8) {
  EXPECT_EQ(printable("conv1 + relu1"), "conv1 + relu1");
  EXPECT_EQ(printable("größe ≤ 3 𝄞"), "größe ≤ 3 𝄞");
}

TEST(Printable, ReplacesControlCharactersThatCouldDriveATerminal) {
  EXPECT_EQ(printable("a\x1b[31m\n\x7f"), "a?[31m??");
  EXPECT_EQ(printable("\xc2\x9b"), "??");  // C1: CSI in one byte
}

TEST(Printable, ReplacesEveryByteThatIsNotUtf8) {
  EXPECT_EQ(printable("\xff\xfe"), "??");
  EXPECT_EQ(printable("\xc0\xaf"), "??");            // overlong
  EXPECT_EQ(printable("\xe0\x80\xaf"), "???");       // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "???");       // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????");  // beyond U+10FFFF
  EXPECT_EQ(printable("conv\xe2\x82"), "conv??");    // cut short
}

}  // namespace
}  // namespace layerwatt
