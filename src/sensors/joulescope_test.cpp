// SPDX-License-Identifier: Apache-2.0
#include "sensors/testing/parsed_stream.h"

namespace layerwatt {

extern const StreamDriver joulescope_stream;

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

ParsedStream parsed_joulescope(const std::string& text) {
  return parse_stream(joulescope_stream, "x.csv", text);
}

TEST(Joulescope, TakesTheCounterOfEnergyOfTheUserInterfacesStatistics) {
  const ParsedStream stream = parsed_joulescope(stream_fixture("joulescope-ui.csv"));
  ASSERT_THAT(stream.rails(), ElementsAre("joulescope"));
  EXPECT_EQ(stream.channels[0].meaning, Meaning::energy_total);
  EXPECT_EQ(stream.clock, StampClock::own);
  EXPECT_THAT(stream.of(0), ElementsAre(0, 0.950568, 1.89823, 2.84609, 3.79357));
  EXPECT_EQ(stream.readings[3].stamp, 1500ms);
  EXPECT_THAT(stream.refused, ElementsAre());
}

TEST(Joulescope, ReadsTheLoggersHeaderAndItsComments) {
  const ParsedStream stream =
      parsed_joulescope("#& 20260101_000000 LOGGER : OPEN\n" + stream_fixture("joulescope-logger.csv"));
  EXPECT_EQ(stream.readings.size(), 5U);
  EXPECT_THAT(stream.refused, ElementsAre());
}

// Energies taken for powers would be wrong without a word.
TEST(Joulescope, RefusesAHeaderThatChanges) {
  const ParsedStream stream =
      parsed_joulescope("#time,energy\n0.5,1\n#time,energy\n1.0,2\n#time,power\n1.5,3\n");
  EXPECT_EQ(stream.refused.size(), 1U);
  EXPECT_EQ(stream.channels[0].meaning, Meaning::energy_total);
  EXPECT_THAT(stream.of(0), ElementsAre(1, 2, 3));
}

TEST(Joulescope, RefusesOtherFiles) {
  EXPECT_EQ(parsed_joulescope("a,b\n1,2\n").refused.size(), 2U);
  EXPECT_FALSE(joulescope_stream.plan("", {}));
}

}  // namespace
}  // namespace layerwatt
