// SPDX-License-Identifier: Apache-2.0
// With the kernel's own counter of a processor's time, in nanoseconds (linux/perf_event.h, PERF_TYPE_SOFTWARE
// and PERF_COUNT_SW_CPU_CLOCK): any kernel with perf has it.
#include "core/perf_count.h"

#include <gmock/gmock.h>
#include <sched.h>
#include <time.h>

#include "core/clock.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::uint32_t software = 1;
constexpr std::uint64_t cpu_clock = 0;

TEST(PerfCount, ClockOfAProcessorCountsItsTime) {
  const int cpu = sched_getcpu();
  const auto count = open_perf_count({software, cpu_clock, cpu});
  if (!count) GTEST_SKIP() << count.error().where << ": " << count.error().detail;
  const Clock& clock = system_clock();
  const Instant outer_from = clock.now();
  const auto first = (*count)->read();
  const Instant inner_from = clock.now();
  clock.sleep_until(inner_from + 20ms);
  const Instant inner_to = clock.now();
  const auto second = (*count)->read();
  const Instant outer_to = clock.now();
  ASSERT_TRUE(first && second);
  const Nanoseconds counted{static_cast<Nanoseconds::rep>(*second - *first)};
  // The count is of the scheduler's clock, which may go by an earlier calibration than CLOCK_MONOTONIC_RAW:
  // the kernel takes a later one that is within 1 % of it (arch/x86/kernel/tsc.c).
  EXPECT_GE(counted, (inner_to - inner_from) * 99 / 100);
  EXPECT_LE(counted, (outer_to - outer_from) * 101 / 100);
}

TEST(PerfCount, EventThatNobodyHasIsAnErrorThatNamesIt) {
  const auto count = open_perf_count({0x7fffffff, 5, 0});
  ASSERT_FALSE(count);
  EXPECT_THAT(count.error().where, HasSubstr("2147483647:5 on CPU 0"));
}

}  // namespace
}  // namespace layerwatt
