// SPDX-License-Identifier: Apache-2.0
#include "cli/percent.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

TEST(Percent, IsAShare) {
  EXPECT_DOUBLE_EQ(*parse_percent("5%"), 0.05);
  EXPECT_DOUBLE_EQ(*parse_percent("0.5%"), 0.005);
  EXPECT_DOUBLE_EQ(*parse_percent("100%"), 1);
  EXPECT_DOUBLE_EQ(*parse_percent("0%"), 0);
}

TEST(Percent, RefusesWhatHasNoSignOrNoSense) {
  for (const char* text : {"", "%", "5", ".%", "-1%", "101%", "5 %", "5%%", "1.2.3%", "nan%", "1e1%"})
    EXPECT_FALSE(parse_percent(text)) << text;
}

}  // namespace
}  // namespace layerwatt
