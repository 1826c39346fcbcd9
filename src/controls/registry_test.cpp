// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "controls/control.h"

namespace layerwatt {
namespace {

// A file is a driver when it defines the driver object that its name promises.
std::set<std::string> driver_files() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{LAYERWATT_SOURCE "/src/controls"}) {
    const std::string name = entry.path().stem();
    std::stringstream text;
    text << std::ifstream{entry.path()}.rdbuf();
    if (text.str().find("const ControlDriver " + name + "_driver{") != std::string::npos) names.insert(name);
  }
  return names;
}

TEST(ControlRegistry, EveryDriverFileIsListedOnceUnderItsName) {
  std::set<std::string> listed;
  for (const ControlDriver* driver : control_drivers()) EXPECT_TRUE(listed.emplace(driver->name).second);
  EXPECT_EQ(driver_files(), listed);
}

TEST(ControlRegistry, NothingButTheFilesOfControlsIsKnown) {
  const std::string hwmon = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/";
  const std::string iio = "/sys/bus/i2c/drivers/ina3221x/6-0040/";
  for (const std::string& file :
       {hwmon + "samples", hwmon + "update_interval", hwmon + "in1_enable", hwmon + "in3_enable",
        iio + "iio:device0/running_mode", iio + "iio_device/running_mode"})
    EXPECT_TRUE(is_control_file(file)) << file;
  for (const std::string& file : {std::string{},
                                  std::string{"/etc/passwd"},
                                  std::string{"samples"},
                                  hwmon,
                                  hwmon + "in4_enable",
                                  hwmon + "curr1_crit",
                                  hwmon + "shunt1_resistor",
                                  hwmon + "../samples",
                                  hwmon + "x/../samples",
                                  hwmon + "samples/",
                                  hwmon + "/samples",
                                  "/tmp" + hwmon + "samples",
                                  hwmon.substr(1) + "samples",
                                  std::string{"/sys/bus/i2c/drivers/ina3221/../hwmon/hwmon3/samples"},
                                  std::string{"/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon/samples"},
                                  std::string{"/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3x/samples"},
                                  std::string{"/sys/bus/i2c/drivers/other/1-0040/hwmon/hwmon3/samples"},
                                  iio + "iio:device0/samples",
                                  iio + "iio:device/running_mode",
                                  iio + "x/running_mode",
                                  std::string{"/sys/bus/i2c/drivers/ina3221x/../iio:device0/running_mode"}})
    EXPECT_FALSE(is_control_file(file)) << file;
}

}  // namespace
}  // namespace layerwatt
