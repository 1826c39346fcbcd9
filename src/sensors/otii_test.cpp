// SPDX-License-Identifier: Apache-2.0
#include "sensors/testing/parsed_stream.h"

namespace layerwatt {

extern const StreamDriver otii_stream;

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

const char* const power = "Main power - Ace.csv";

TEST(Otii, ReadsAnExportedPower) {
  const ParsedStream stream = parse_stream(otii_stream, power, stream_fixture(power));
  EXPECT_THAT(stream.rails(), ElementsAre("Main"));
  EXPECT_THAT(stream.of(0), ElementsAre(2, 3, 2.5));
  EXPECT_EQ(stream.readings[1].stamp, 1000020us);
}

TEST(Otii, MakesPowerOfACurrentOnlyWithAVoltage) {
  const std::string text = "\"Timestamp\",\"Value\"\n0.5,0.25\n";
  EXPECT_THAT(parse_stream(otii_stream, "Main current - Arc.csv:volts=4", text).of(0), ElementsAre(1));
  EXPECT_FALSE(otii_stream.plan("Main current - Arc.csv", {}));
  EXPECT_FALSE(otii_stream.plan("Temperature - Arc.csv", {}));
}

TEST(Otii, TakesAnEnergyAsACounter) {
  const ParsedStream stream =
      parse_stream(otii_stream, "Main energy - Ace.csv", "\"Timestamp\",\"Value\"\n0,1\n1,3\n");
  EXPECT_EQ(stream.channels[0].meaning, Meaning::energy_total);
}

TEST(Otii, RefusesAnotherHeader) {
  EXPECT_EQ(parse_stream(otii_stream, power, "time,value\n1,2\n").refused.size(), 2U);
}

}  // namespace
}  // namespace layerwatt
