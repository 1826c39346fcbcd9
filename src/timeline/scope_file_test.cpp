// SPDX-License-Identifier: Apache-2.0
#include "timeline/scope_file.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Result<ScopeRecord> fixture(const std::string& name) {
  std::stringstream text;
  text << std::ifstream{std::string{LAYERWATT_FIXTURES "/scopes/"} + name}.rdbuf();
  return read_scope(text.str());
}

struct Expected {
  const char *file, *a, *b;
  Nanoseconds first, step;
  double volts_a, volts_b;  // of the first row
};

TEST(ScopeFile, ReadsTheFilesOfCommonOscilloscopes) {
  for (const Expected& expected : {Expected{"rigol-ds1000z.csv", "CH1", "CH2", -1200us, 2us, 4.72, 4.70},
                                   {"rigol-ds1000e.csv", "CH1", "CH2", -1ms, 500us, 5, 4.96},
                                   {"keysight.csv", "1", "2", -1ms, 5us, 5, 4.95},
                                   {"siglent.csv", "CH1", "CH2", 1240us, 50us, 5.000008, 4.960008},
                                   {"tektronix.csv", "CH1", "CH2", -20us, 4us, 5, 4.96},
                                   {"picoscope.csv", "A", "Channel B", -100us, 100us, 5, 4.96},
                                   {"picoscope.txt", "A", "B", -500004ns, 2ns, 5.511, 1.215}}) {
    const auto record = fixture(expected.file);
    ASSERT_TRUE(record) << expected.file << ": " << record.error().detail;
    const auto* a = record->trace_named(expected.a);
    const auto* b = record->trace_named(expected.b);
    ASSERT_TRUE(a != nullptr && b != nullptr) << expected.file;
    EXPECT_NEAR(seconds(record->times[0]), seconds(expected.first), 1e-9) << expected.file;
    EXPECT_NEAR(seconds(record->times[1] - record->times[0]), seconds(expected.step), 2e-9) << expected.file;
    EXPECT_DOUBLE_EQ(a->volts[0].value(), expected.volts_a) << expected.file;
    EXPECT_DOUBLE_EQ(b->volts[0].value(), expected.volts_b) << expected.file;
    EXPECT_EQ(a->volts.size(), record->times.size()) << expected.file;
  }
}

TEST(ScopeFile, RefusesAChannelThatIsNotInVolts) {
  const auto record = read_scope("Vertical Units,V,A\nSource,CH1,CH2\nTIME,CH1,CH2\n0,1,2\n1,1,2\n");
  ASSERT_FALSE(record);
  EXPECT_THAT(record.error().detail, HasSubstr("CH2 is in \"A\""));
}

TEST(ScopeFile, RefusesWhatItCannotPlaceInTime) {
  EXPECT_THAT(read_scope("X,CH1,CH2\nSequence,Volt,Volt\n0,1,2\n1,1,2\n").error().detail, HasSubstr("Start"));
  EXPECT_THAT(read_scope("time,CH1\n0,1\n0,1\n").error().detail, HasSubstr("line 3"));
  EXPECT_THAT(read_scope("time,CH1\n0,1\n1e9,1\n").error().detail, HasSubstr("line 3"));
}

TEST(ScopeFile, RefusesRowsThatBreakOff) {
  EXPECT_THAT(read_scope("time,CH1\n0,1\n1,2\n2\n").error().detail, HasSubstr("line 4"));
  EXPECT_THAT(read_scope("time,CH1\n0,1\n1,---\n").error().detail, HasSubstr("line 3"));
  EXPECT_FALSE(read_scope(""));
  EXPECT_FALSE(read_scope("time,CH1\n0,1\n"));
  EXPECT_FALSE(read_scope(std::string(100'000, '\n')));
}

TEST(ScopeFile, DoesNotGuessBetweenTwoChannels) {
  const auto record = read_scope("time,CH1,Channel 1\n0,1,2\n1,1,2\n");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->trace_named("1"), nullptr);
  EXPECT_NE(record->trace_named("ch1"), nullptr);
}

}  // namespace
}  // namespace layerwatt
