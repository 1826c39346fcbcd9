// SPDX-License-Identifier: Apache-2.0
#include "session/stream_choice.h"

#include <gmock/gmock.h>

namespace layerwatt {
namespace {

using ::testing::HasSubstr;

Result<SensorRequest> parse(const std::string& text) {
  return parse_sensor_request(Machine::host(), text, {});
}

TEST(SensorRequest, WithoutAWordIsForTheBestSensorThereIs) {
  const auto request = parse("");
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->sensors);
  EXPECT_EQ(request->names, "");
  EXPECT_TRUE(request->streams.empty());
}

TEST(SensorRequest, TellsStreamsFromSensors) {
  const auto request = parse("rapl,sigrok:demo,nvml,csv:-");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->names, "rapl,nvml");
  ASSERT_EQ(request->streams.size(), 2U);
  EXPECT_EQ(request->streams[0].driver->name, "sigrok");
  EXPECT_EQ(request->streams[1].plan.file, "-");
}

TEST(SensorRequest, AStreamAloneAsksForNoSensor) {
  const auto request = parse("tegrastats");
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->sensors);
}

TEST(SensorRequest, KeepsEmptyNamesForTheDriversToRefuse) {
  EXPECT_EQ(parse("rapl,,nvml")->names, "rapl,,nvml");
}

TEST(SensorRequest, RefusesWhatCannotBeStreamed) {
  EXPECT_THAT(parse("otii:Main power - Arc.csv").error().detail, HasSubstr("layerwatt import otii"));
  EXPECT_EQ(parse("csv:").error().code, Errc::malformed);
  const auto recorded = parse_sensor_request(Machine{"/nowhere", system_clock()}, "csv:-", {});
  EXPECT_EQ(recorded.error().code, Errc::unsupported);
}

}  // namespace
}  // namespace layerwatt
