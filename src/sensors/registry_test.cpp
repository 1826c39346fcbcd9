// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "sensors/sensor.h"
#include "sensors/stream.h"

namespace layerwatt {
namespace {

// A file is a driver when it defines the driver object that its name promises.
std::set<std::string> driver_files(const std::string& type, const std::string& suffix) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{LAYERWATT_SOURCE "/src/sensors"}) {
    const std::string name = entry.path().stem();
    std::stringstream text;
    text << std::ifstream{entry.path()}.rdbuf();
    if (text.str().find("const " + type + " " + name + suffix + "{") != std::string::npos) names.insert(name);
  }
  return names;
}

TEST(SensorRegistry, EveryDriverFileIsListedOnceUnderItsName) {
  std::set<std::string> listed;
  for (const SensorDriver* driver : sensor_drivers()) EXPECT_TRUE(listed.emplace(driver->name).second);
  for (const Skipped& left_out : sensors_left_out()) listed.insert(left_out.what);
  EXPECT_EQ(driver_files("SensorDriver", "_driver"), listed);
}

TEST(StreamRegistry, EveryDriverFileIsListedOnceUnderItsNameAndNotAmongSensors) {
  std::set<std::string> listed;
  for (const StreamDriver* driver : stream_drivers()) {
    EXPECT_TRUE(listed.emplace(driver->name).second);
    EXPECT_TRUE(driver->usage.starts_with(driver->name)) << driver->name;
  }
  EXPECT_EQ(driver_files("StreamDriver", "_stream"), listed);
  for (const SensorDriver* driver : sensor_drivers()) EXPECT_EQ(listed.count(std::string{driver->name}), 0U);
}

// `estimate` is always found, so that nothing behind it is chosen by itself.
TEST(SensorRegistry, OnlyWhatSeesTheCpuComesBeforeTheEstimate) {
  std::vector<std::string_view> before, behind;
  bool estimated = false;
  for (const SensorDriver* driver : sensor_drivers()) {
    EXPECT_EQ(driver->origin == Origin::estimated, driver->name == "estimate");
    if (driver->name == "estimate")
      estimated = true;
    else
      (estimated ? behind : before).push_back(driver->name);
  }
  EXPECT_TRUE(estimated);
  EXPECT_THAT(before, ::testing::ElementsAre("ina3221", "rapl", "rapl_perf", "hwmon"));
  EXPECT_THAT(behind, ::testing::ElementsAre("nvml", "hwmon_gpu", "battery"));
}

}  // namespace
}  // namespace layerwatt
