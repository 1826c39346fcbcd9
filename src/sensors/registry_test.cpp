// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "sensors/sensor.h"

namespace layerwatt {
namespace {

// A file is a driver when it defines the driver object that its name promises.
std::set<std::string> driver_files() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{LAYERWATT_SOURCE "/src/sensors"}) {
    const std::string name = entry.path().stem();
    std::stringstream text;
    text << std::ifstream{entry.path()}.rdbuf();
    if (text.str().find("const SensorDriver " + name + "_driver{") != std::string::npos) names.insert(name);
  }
  return names;
}

TEST(SensorRegistry, EveryDriverFileIsListedOnceUnderItsName) {
  std::set<std::string> listed;
  for (const SensorDriver* driver : sensor_drivers()) EXPECT_TRUE(listed.emplace(driver->name).second);
  for (const Skipped& left_out : sensors_left_out()) listed.insert(left_out.what);
  EXPECT_EQ(driver_files(), listed);
}

TEST(SensorRegistry, WhatIsEstimatedComesLast) {
  ASSERT_FALSE(sensor_drivers().empty());
  EXPECT_EQ(sensor_drivers().back()->name, "estimate");
  for (const SensorDriver* driver : sensor_drivers().first(sensor_drivers().size() - 1))
    EXPECT_EQ(driver->origin, Origin::measured) << driver->name;
}

}  // namespace
}  // namespace layerwatt
