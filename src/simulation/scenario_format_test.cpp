// SPDX-License-Identifier: Apache-2.0
#include "simulation/scenario_format.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace layerwatt::simulation {
namespace {

using ::testing::HasSubstr;

TEST(ScenarioFormat, EmptyObjectIsTheDefaultScenario) {
  const auto scenario = parse_scenario("{}", "test.json");
  ASSERT_TRUE(scenario);
  EXPECT_EQ(write_scenario(*scenario), write_scenario(Scenario{}));
}

TEST(ScenarioFormat, WhatIsWrittenReadsBackTheSame) {
  Scenario scenario;
  scenario.name = "harsh \"mix\"";
  scenario.seed = 17;
  scenario.network.profile = PowerProfile::outlier;
  scenario.network.types_tell = true;
  scenario.run.timer = microseconds(19'296);
  scenario.run.dither_mode = Dither::golden;
  scenario.run.step = 0.1;
  scenario.sensor = *sensor_named("rapl");
  scenario.sensor.lag = microseconds(123.5);
  const std::string text = write_scenario(scenario);
  const auto again = parse_scenario(text, "test.json");
  ASSERT_TRUE(again) << again.error().where << again.error().detail;
  EXPECT_EQ(write_scenario(*again), text);
  EXPECT_EQ(again->run.timer, microseconds(19'296));
  EXPECT_EQ(again->sensor.kind, SensorKind::counter);
  EXPECT_EQ(again->sensor.lag, microseconds(123.5));
}

TEST(ScenarioFormat, SensorMayBeAPresetAndChangedFromThere) {
  EXPECT_EQ(parse_scenario(R"({"sensor":"nano"})", "t")->sensor.averaging, 64);
  const auto changed = parse_scenario(R"({"sensor":{"preset":"nano","averaging":16}})", "t");
  EXPECT_EQ(changed->sensor.averaging, 16);
  EXPECT_EQ(changed->sensor.read_every, 2U);
}

TEST(ScenarioFormat, WhatIsWrongIsNamed) {
  const auto error = [](const char* text) {
    const auto scenario = parse_scenario(text, "t.json");
    EXPECT_FALSE(scenario) << text;
    return scenario ? std::string{} : scenario.error().where + ": " + scenario.error().detail;
  };
  EXPECT_THAT(error(""), HasSubstr("not JSON"));
  EXPECT_THAT(error("{\"run\":"), HasSubstr("not JSON"));
  EXPECT_THAT(error("[1]"), HasSubstr("must be an object"));
  EXPECT_THAT(error("{\"run\":3}"), HasSubstr("run: must be an object"));
  EXPECT_THAT(error("{\"colour\":1}"), HasSubstr("colour: is not a setting"));
  EXPECT_THAT(error("{\"run\":{\"gap\":1}}"), HasSubstr("run.gap: is not a setting"));
  EXPECT_THAT(error("{\"run\":{\"gap_us\":\"1\"}}"), HasSubstr("run.gap_us: must be a number"));
  EXPECT_THAT(error("{\"run\":{\"gap_us\":-1}}"), HasSubstr("run.gap_us: must be from"));
  EXPECT_THAT(error("{\"run\":{\"inferences\":1e30}}"), HasSubstr("run.inferences: must be a whole number"));
  EXPECT_THAT(error("{\"run\":{\"inferences\":1.5}}"), HasSubstr("run.inferences"));
  EXPECT_THAT(error("{\"network\":{\"profile\":\"wild\"}}"), HasSubstr("one of varied, flat"));
  EXPECT_THAT(error("{\"sensor\":\"toaster\"}"), HasSubstr("sensor.preset: must be one of fast, nano"));
  EXPECT_THAT(error("{\"sensor\":[]}"), HasSubstr("sensor: must be an object"));
  EXPECT_THAT(error("{\"seed\":-1}"), HasSubstr("seed: must be"));
  EXPECT_THAT(error("{\"name\":7}"), HasSubstr("name: must be"));
  EXPECT_THAT(error("{\"network\":{\"types_tell\":1}}"), HasSubstr("types_tell: must be true or false"));
}

TEST(ScenarioFormat, EverySettingAndPresetIsDocumented) {
  std::ifstream file{LAYERWATT_SOURCE "/docs/scenario-format.md"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto whole = nlohmann::json::parse(write_scenario(Scenario{}));
  for (const char* section : {"network", "run", "sensor"})
    for (const auto& [key, value] : whole[section].items()) EXPECT_THAT(text, HasSubstr("`" + key + "`"));
  for (const std::string& name : sensor_names()) EXPECT_THAT(text, HasSubstr("| `" + name + "` |"));
}

TEST(ScenarioFormat, HugeAndDeepTextsAreRefused) {
  EXPECT_FALSE(parse_scenario(std::string(2 << 20, ' '), "t"));
  EXPECT_FALSE(parse_scenario(std::string(500'000, '['), "t"));
  EXPECT_FALSE(parse_scenario("{\"a\":" + std::string(400'000, '[') + std::string(400'000, ']') + "}", "t"));
}

}  // namespace
}  // namespace layerwatt::simulation
