// SPDX-License-Identifier: Apache-2.0
#include "sensors/testing/parsed_stream.h"

namespace layerwatt {

extern const StreamDriver csv_stream;

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ParsedStream parse(const std::string& text, const std::string& argument = "-") {
  return parse_stream(csv_stream, argument, text);
}

TEST(Csv, ReadsColumnsByTheirNamesAndUnits) {
  const ParsedStream stream =
      parse("# my meter\n\ntime_ms,board_w,GPU_mW,note,total_uj\n1.5,4.25,300,hello,2000000\n");
  EXPECT_THAT(stream.rails(), ElementsAre("board", "GPU", "total"));
  EXPECT_THAT(stream.of(0), ElementsAre(4.25));
  EXPECT_THAT(stream.of(1), ElementsAre(0.3));
  EXPECT_THAT(stream.of(2), ElementsAre(2));
  EXPECT_EQ(stream.channels[2].meaning, Meaning::energy_total);
  EXPECT_EQ(stream.readings[0].stamp, 1500us);
  EXPECT_EQ(stream.clock, StampClock::own);
  EXPECT_TRUE(stream.channels[0].read_on_update);
}

TEST(Csv, MultipliesVoltageAndCurrentOfOneName) {
  EXPECT_THAT(parse("in_v,in_ma\n5.0,400\n").of(0), ElementsAre(2));
  EXPECT_THAT(parse("in_a\n0.5\n", "-:volts=12").of(0), ElementsAre(6));
  EXPECT_THAT(parse("in_a\n0.5\n").unusable, HasSubstr("volts="));
}

TEST(Csv, KnowsWhichClockAStampIsOf) {
  EXPECT_EQ(parse("a_w\n1\n").clock, StampClock::arrival);
  EXPECT_FALSE(parse("a_w\n1\n").channels[0].read_on_update);
  EXPECT_EQ(parse("unix_s,a_w\n1795308083.5,1\n").clock, StampClock::realtime);
  const ParsedStream raw = parse("raw_ns,a_w\n1795308083123456789,1\n");
  EXPECT_EQ(raw.clock, StampClock::raw);
  EXPECT_EQ(raw.readings[0].stamp, 1795308083123456789ns);
}

TEST(Csv, BelievesWhatTheSourceSaysOfItself) {
  const ParsedStream stream =
      parse("# refresh_s = 0.001\n# aperture_s = 0.0005\n# origin = simulated\na_w\n1\n");
  EXPECT_EQ(stream.channels[0].refresh, 1ms);
  EXPECT_EQ(stream.channels[0].aperture, 500us);
  EXPECT_EQ(stream.channels[0].origin, Origin::simulated);
}

TEST(Csv, AnEmptyFieldIsNoValue) {
  const ParsedStream stream = parse("a_w,b_w\n,2\n1,\n3\n");
  EXPECT_THAT(stream.of(0), ElementsAre(1, 3));
  EXPECT_THAT(stream.of(1), ElementsAre(2));
}

TEST(Csv, RefusesRowsThatAreNoneAndKeepsTheOthers) {
  const ParsedStream stream = parse("time_s,a_w\n1,x\n2,nan\n3,1e300\nx,1\n1e300,1\n4,5,6\n5,7\n");
  EXPECT_EQ(stream.refused.size(), 6U);
  EXPECT_THAT(stream.of(0), ElementsAre(7));
}

TEST(Csv, SaysWhatAHeaderIs) {
  EXPECT_THAT(parse("1.0,2.0\n").unusable, HasSubstr("name columns"));
  EXPECT_THAT(parse("time_s,unix_s,a_w\n").refused, ElementsAre(HasSubstr("two columns of time")));
  EXPECT_FALSE(csv_stream.plan("", {}));
  EXPECT_FALSE(csv_stream.plan("x:volts=0", {}));
}

}  // namespace
}  // namespace layerwatt
