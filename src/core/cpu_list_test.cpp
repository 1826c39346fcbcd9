// SPDX-License-Identifier: Apache-2.0
#include "core/cpu_list.h"

#include <gmock/gmock.h>

namespace layerwatt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CpuList, HasNumbersAndRanges) {
  EXPECT_THAT(*parse_cpu_list("3"), ElementsAre(3));
  EXPECT_THAT(*parse_cpu_list("0-3,6"), ElementsAre(0, 1, 2, 3, 6));
  EXPECT_THAT(*parse_cpu_list("0-6:2"), ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(*parse_cpu_list("5, 1-2"), ElementsAre(1, 2, 5));
}

TEST(CpuList, HasEachOnce) { EXPECT_THAT(*parse_cpu_list("0-2,1,2"), ElementsAre(0, 1, 2)); }

TEST(CpuList, IsNothingElse) {
  for (const char* bad : {"", "a", "-1", "1-", "-", "3-1", "0-3:0", "0-3:", "1,,2", "0x3", "99999999999",
                          "0-99999999", "1.5", "0-3:-1", "all"}) {
    const auto parsed = parse_cpu_list(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, Errc::malformed) << bad;
    EXPECT_THAT(parsed.error().detail, HasSubstr("0-3,6")) << bad;
  }
}

TEST(CpuList, IsWrittenAsItIsRead) {
  for (const char* list : {"0", "0-1", "0-3,6", "1,3,5-7"})
    EXPECT_EQ(to_cpu_list(*parse_cpu_list(list)), list);
  EXPECT_EQ(to_cpu_list({}), "");
}

}  // namespace
}  // namespace layerwatt
