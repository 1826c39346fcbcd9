// SPDX-License-Identifier: Apache-2.0
// What must not be called odd; what must be stands in bad_input_test.cpp, for every method.
#include "attribution/odd_readings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attribution/testing/simple_run.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::simple_run;

OddReadings odd(const Timeline& timeline) {
  const RailRecord& rail = timeline.rails.at(0);
  return odd_readings(rail, PowerTrace{rail}, execution_of(timeline), timeline.sampler);
}

// Without readings from 1.1 to 1.65 s; the energy pass is from 1 to 1.7 s.
Timeline with_a_hole() {
  Timeline timeline = simple_run();
  std::erase_if(timeline.rails[0].readings, [](const Reading& reading) {
    return reading.before > Instant{1100ms} && reading.before < Instant{1650ms};
  });
  return timeline;
}

TEST(OddReadings, FindNothingInARunThatIsInOrder) {
  EXPECT_THAT(odd(simple_run()).notes, IsEmpty());
  EXPECT_FALSE(odd(simple_run()).withholds_intervals);
}

TEST(OddReadings, DoNotSuspectAClockOfWhatTheSamplerMissed) {
  Timeline timeline = with_a_hole();
  EXPECT_TRUE(odd(timeline).withholds_intervals);
  timeline.sampler.period = 1ms;
  timeline.sampler.missed_ticks = 551;
  EXPECT_FALSE(odd(timeline).withholds_intervals);
  EXPECT_THAT(odd(timeline).notes, Contains(HasSubstr("of the energy pass was not read")));
}

TEST(OddReadings, DoNotMissWhatNobodyWantedToRead) {
  Timeline timeline = with_a_hole();
  timeline.rails[0].gaps.push_back({Instant{1100ms}, Instant{1650ms}, sampler_off});
  EXPECT_THAT(odd(timeline).notes, IsEmpty());
}

// 40 mW steps behind an average: few values, and for long the same one.
TEST(OddReadings, DoNotCallACoarseSensorStuck) {
  Timeline timeline = simple_run();
  auto& readings = timeline.rails[0].readings;
  for (std::size_t i = 0; i < readings.size(); ++i)
    readings[i].value = Watts{i % 3000 < 100 && i % 2 == 0 ? 2.40 : 2.44};
  EXPECT_THAT(odd(timeline).notes, IsEmpty());
}

}  // namespace
}  // namespace layerwatt
