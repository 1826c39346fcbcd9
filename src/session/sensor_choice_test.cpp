// SPDX-License-Identifier: Apache-2.0
#include "session/sensor_choice.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "session/testing/recorded.h"

namespace layerwatt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> chosen(const Result<std::vector<ChosenSensors>>& sensors) {
  std::vector<std::string> names;
  if (sensors)
    for (const ChosenSensors& one : *sensors) names.emplace_back(one.driver->name);
  return names;
}

TEST(SensorChoice, WithoutANameIsTheFirstThatMeasures) {
  EXPECT_THAT(chosen(choose_all_sensors(recorded_nano(), {getpid()}, "")), ElementsAre("ina3221"));
}

TEST(SensorChoice, SeveralComeInTheOrderTheyWereNamed) {
  const Machine here = Machine::host();
  EXPECT_THAT(chosen(choose_all_sensors(here, {getpid()}, "estimate")), ElementsAre("estimate"));
  const auto missing = choose_all_sensors(recorded_nano(), {getpid()}, "ina3221,rapl_of_nobody");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().where, HasSubstr("rapl_of_nobody"));
}

TEST(SensorChoice, EachIsNamedOnce) {
  for (const char* names : {"ina3221,ina3221", "ina3221,", ",ina3221", ","}) {
    const auto sensors = choose_all_sensors(recorded_nano(), {getpid()}, names);
    ASSERT_FALSE(sensors) << names;
    EXPECT_EQ(sensors.error().code, Errc::malformed) << names;
  }
}

}  // namespace
}  // namespace layerwatt
