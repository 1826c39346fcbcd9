// SPDX-License-Identifier: Apache-2.0
#include "session/metered_run.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "session/testing/recorded.h"
#include "session/testing/silent.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

MeteredOptions quick() {
  MeteredOptions options;
  options.sensor = options.meter = "ina3221";  // any sensor can be the meter of another
  options.stretch = 50ms;
  options.rounds = 2;
  return options;
}

Result<MeteredRun> run(const MeteredOptions& options) {
  Silent progress;
  return read_beside_meter(recorded_nano(), options, progress);
}

std::size_t readings_in(const RailRecord& rail, const BusyStretch& time) {
  return static_cast<std::size_t>(std::count_if(
      rail.readings.begin(), rail.readings.end(),
      [&](const Reading& reading) { return reading.before >= time.from && reading.after < time.to; }));
}

TEST(MeteredRun, TheMeterIsReadAllTheTimeAndTheBoardOnlyWhereItShall) {
  const auto measured = run(quick());
  ASSERT_TRUE(measured) << measured.error().detail;
  ASSERT_EQ(measured->parts.size(), 6U);
  int sampled = 0, loaded = 0;
  for (const MeteredRun::Part& part : measured->parts) {
    EXPECT_EQ(part.time.to - part.time.from, 50ms);
    EXPECT_GT(readings_in(measured->meter[0], part.time), 3U);
    if (part.sampled)
      EXPECT_GT(readings_in(measured->rails[0], part.time), 3U);
    else
      EXPECT_EQ(readings_in(measured->rails[0], part.time), 0U);
    sampled += part.sampled;
    loaded += part.loaded;
  }
  EXPECT_EQ(sampled, 4);
  EXPECT_EQ(loaded, 2);
}

TEST(MeteredRun, TellsHowTheSensorWasSet) {
  const auto measured = run(quick());
  ASSERT_TRUE(measured) << measured.error().detail;
  EXPECT_EQ(measured->circumstances.at("board.id"), "jetson-nano");
  EXPECT_EQ(measured->circumstances.at("sensor_mode.6-0040.running_mode"), "continuous");
  EXPECT_FALSE(measured->switched);
}

TEST(MeteredRun, SwitchesALoadThatBothWatchWhereThatIsAsked) {
  MeteredOptions options = quick();
  options.rounds = 1;
  options.switching = {50ms, 100ms, 50ms, 100ms};  // off, on, off, on
  const auto measured = run(options);
  ASSERT_TRUE(measured && measured->switched);
  EXPECT_EQ(measured->switched->on.size(), 2U);
  const BusyStretch whole{measured->switched->from, measured->switched->to};
  EXPECT_GT(readings_in(measured->rails[0], whole), 10U);
  EXPECT_GT(readings_in(measured->meter[0], whole), 10U);
}

TEST(MeteredRun, ARailThatMustBeThereIsLookedForFirst) {
  MeteredOptions options = quick();
  options.must_have = "VDD_IN";
  EXPECT_EQ(run(options).error().code, Errc::not_found);
}

TEST(MeteredRun, AMeterThatIsNotThereOrNotOneIsRefused) {
  MeteredOptions options = quick();
  options.meter = "toaster";
  EXPECT_FALSE(run(options));
  options.meter = "csv:meter.csv";  // beside a recorded machine
  EXPECT_FALSE(run(options));
  options.meter = "estimate";
  EXPECT_EQ(run(options).error().code, Errc::not_found);
}

TEST(MeteredRun, CtrlCEndsIt) {
  const std::atomic<bool> interrupted{true};
  MeteredOptions options = quick();
  options.interrupted = &interrupted;
  EXPECT_EQ(run(options).error().code, Errc::gone);
}

}  // namespace
}  // namespace layerwatt
