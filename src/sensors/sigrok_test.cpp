// SPDX-License-Identifier: Apache-2.0
#include "sensors/testing/parsed_stream.h"

namespace layerwatt {

extern const StreamDriver sigrok_stream;

namespace {

using namespace std::chrono_literals;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ParsedStream parsed_sigrok(const std::string& argument, const std::string& text,
                           const std::string& before = {}) {
  return parse_stream(sigrok_stream, argument, text, before);
}

TEST(Sigrok, PairsTheValuesOfBlocksThatComeOneAfterTheOther) {
  const ParsedStream stream = parsed_sigrok("demo", stream_fixture("sigrok-demo.txt"));
  ASSERT_EQ(stream.readings.size(), 40U);
  EXPECT_THAT(stream.refused, ElementsAre());
  EXPECT_EQ(stream.channels[0].origin, Origin::simulated);
  EXPECT_EQ(stream.readings[0].value, Value{Watts{0}});
  // A sine of 10 V and 20 samples across 1 Ohm; printed with 4 digits behind the point.
  EXPECT_THAT(stream.of(0)[5], DoubleNear(100, 1e-9));
  EXPECT_THAT(stream.of(0)[1], DoubleNear(3.0902 * 3.0902, 1e-9));
  EXPECT_EQ(stream.readings[39].stamp, 39ms);
}

TEST(Sigrok, MakesPowerOfTwoChannelsAroundAShunt) {
  const std::string text = "CH1: 5.0 V DC\nCH2: 4.95 V DC\nCH1: 5.0 V\nCH2: 4900 mV\n";
  const ParsedStream stream = parsed_sigrok("rigol-ds:a=CH1:b=CH2:shunt=0.05:volts=5", text);
  ASSERT_EQ(stream.readings.size(), 2U);
  EXPECT_THAT(stream.of(0)[0], DoubleNear(5, 1e-9));
  EXPECT_THAT(stream.of(0)[1], DoubleNear(10, 1e-9));
  EXPECT_EQ(stream.channels[0].origin, Origin::measured);
  EXPECT_EQ(stream.clock, StampClock::arrival);
}

TEST(Sigrok, TakesWattsAsTheyAre) {
  const ParsedStream stream =
      parsed_sigrok("baylibre-acme", "P1: 1.25 W\nP2: 250 mW\nP1_U: 5 V\nP1: 1.5 W\n");
  EXPECT_THAT(stream.rails(), ElementsAre("P1", "P2"));
  EXPECT_THAT(stream.of(0), ElementsAre(1.25, 1.5));
  EXPECT_THAT(stream.of(1), ElementsAre(0.25));
}

TEST(Sigrok, MultipliesTheOneVoltageByTheOneCurrent) {
  const ParsedStream stream =
      parsed_sigrok("rdtech-dps:conn=/dev/ttyUSB0", "V: 5.0 V DC\nI: 0.5 A DC\n", "V: 5 V\nI: 1 A\n");
  EXPECT_THAT(stream.rails(), ElementsAre("power"));
  EXPECT_THAT(stream.of(0), ElementsAre(2.5));
}

TEST(Sigrok, SaysWhatItSawWhereItCannotTellWhatPowerIsMadeOf) {
  const ParsedStream stream = parsed_sigrok("hantek-6xxx", "CH1: 1 V\nCH2: 2 V\n");
  EXPECT_TRUE(stream.channels.empty());
  EXPECT_THAT(stream.unusable, HasSubstr("CH1 in V, CH2 in V"));
}

TEST(Sigrok, HandsTheRestOfTheArgumentToSigrokCli) {
  const auto plan = sigrok_stream.plan("uni-t-ut61e:conn=/dev/ttyUSB0:current=P1:volts=5", {});
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->command, ElementsAre("sigrok-cli", "-d", "uni-t-ut61e:conn=/dev/ttyUSB0", "--continuous",
                                         "-O", "analog"));
}

TEST(Sigrok, RefusesArgumentsThatMakeNoPower) {
  for (const char* argument : {"", "--help", "demo:a=A0", "demo:a=A0:shunt=0:volts=5", "demo:a=A0:shunt=1",
                               "demo:current=A0", "demo:shunt=x:a=A0:volts=1", "demo:samplerate=-1",
                               "demo:b=A0:shunt=1:volts=1", "demo:a=A0:shunt=1:volts=5:voltage=A1"})
    EXPECT_FALSE(sigrok_stream.plan(argument, {})) << argument;
}

TEST(Sigrok, RefusesLinesThatAreNoValues) {
  const ParsedStream stream = parsed_sigrok("demo", "garbage\nA1: inf V\nA1: V\nA1:\n: 1 V\nA1: 1\n");
  EXPECT_EQ(stream.refused.size(), 6U);
  EXPECT_TRUE(stream.readings.empty());
}

}  // namespace
}  // namespace layerwatt
