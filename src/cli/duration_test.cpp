// SPDX-License-Identifier: Apache-2.0
#include "cli/duration.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(*parse_duration("20s"), 20s);
  EXPECT_EQ(*parse_duration("1.5ms"), 1500us);
  EXPECT_EQ(*parse_duration("250us"), 250us);
  EXPECT_EQ(*parse_duration("7ns"), 7ns);
  EXPECT_EQ(*parse_duration("2min"), 120s);
  EXPECT_EQ(*parse_duration("1h"), 3600s);
}

TEST(Duration, RefusesWhatHasNoUnitOrNoSense) {
  for (const char* text :
       {"", "20", "s", "-1s", "1e400s", "nans", "infs", "5 s", "5sec", "0x10s", "40000000s", "1.2.3s", ".s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace layerwatt
