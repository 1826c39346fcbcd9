// SPDX-License-Identifier: Apache-2.0
#include "cli/calibrations.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

#include "calibration/calibration_file.h"
#include "core/temporary_tree.h"
#include "session/sensor_choice.h"

namespace layerwatt {
namespace {

using ::testing::HasSubstr;

Machine nano() { return Machine{LAYERWATT_FIXTURES "/boards/jetson-nano-l4t32", system_clock()}; }

StoredCalibration of_fixture(std::optional<int> averaging) {
  StoredCalibration one;
  one.of = {"jetson-nano",
            "ina3221",
            "6-0040",
            "POM_5V_IN",
            Ohms{0.005},
            averaging,
            choose_sensors(nano(), {}, "ina3221")->sensors.at(0)->mode()};
  one.line = RailCalibration{1.03,     0.002,    Watts{4}, Watts{4.1}, Watts{0.01},
                             Watts{2}, Watts{7}, {},       "csv:-",    "2026-11-22 04:35 UTC"};
  return one;
}

TEST(Calibrations, LieWhereDataOfUsersAndOfRootLies) {
  EXPECT_EQ(calibration_place("/x", "/home/a", true), "/x/layerwatt/calibrations.json");
  EXPECT_EQ(calibration_place("x", "/home/a", false), "/home/a/.local/share/layerwatt/calibrations.json");
  EXPECT_EQ(calibration_place(nullptr, "/root", true), "/var/lib/layerwatt/calibrations.json");
  EXPECT_EQ(calibration_place("", "", false), "");
}

TEST(Calibrations, AreReadBackFromTheFolderThatWasMadeForThem) {
  const TemporaryTree folder;
  const auto place = folder.at("new/folder/c.json");
  const std::vector<StoredCalibration> stored{of_fixture(64)};
  ASSERT_TRUE(save_calibrations(stored, place));
  ASSERT_TRUE(save_calibrations(stored, place));
  const auto read = load_calibrations(place);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, stored);
  EXPECT_FALSE(std::filesystem::exists(place.string() + ".part"));
}

TEST(Calibrations, WithoutANameThoseOfThisUserAreTakenAndARecordedMachineHasNone) {
  const TemporaryTree folder;
  const char* before = std::getenv("XDG_DATA_HOME");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("XDG_DATA_HOME", folder.root().c_str(), 1);
  ASSERT_TRUE(save_calibrations({of_fixture(64)}, own_calibration_place()));
  const auto here = calibrations_on(Machine::host(), {}), recorded = calibrations_on(nano(), {});
  const auto place = place_to_save({}, false);
  before != nullptr ? ::setenv("XDG_DATA_HOME", kept.c_str(), 1) : ::unsetenv("XDG_DATA_HOME");
  ASSERT_TRUE(here && recorded && place);
  EXPECT_EQ(here->size(), 1U);
  EXPECT_TRUE(recorded->empty());
  EXPECT_EQ(place->file, folder.at("layerwatt/calibrations.json"));
  EXPECT_EQ(place->stored.size(), 1U);  // what is there stays
  EXPECT_EQ(place_to_save({}, true).error().code, Errc::unsupported);
}

TEST(Calibrations, WhatIsNoSuchFileIsTold) {
  const TemporaryTree folder;
  EXPECT_EQ(load_calibrations(folder.at("missing.json")).error().code, Errc::not_found);
  EXPECT_EQ(load_calibrations(folder.root()).error().code, Errc::malformed);
  EXPECT_EQ(load_calibrations("/dev/zero").error().code, Errc::malformed);
  folder.put("long.json", std::string(longest_calibration_file + 1, ' '));
  EXPECT_THAT(load_calibrations(folder.at("long.json")).error().detail, HasSubstr("too long"));
  folder.put("short.json", "{");
  EXPECT_EQ(load_calibrations(folder.at("short.json")).error().code, Errc::malformed);
}

TEST(Calibrations, DoctorSaysOfEachRailWhetherItIsCalibrated) {
  const auto none = calibration_findings(nano(), {});
  ASSERT_EQ(none.size(), 1U);
  EXPECT_THAT(none[0].what, HasSubstr("POM_5V_IN, POM_5V_GPU, POM_5V_CPU"));
  const auto one = calibration_findings(nano(), {of_fixture(64)});
  ASSERT_EQ(one.size(), 2U);
  EXPECT_EQ(one[0].severity, Severity::ok);
  EXPECT_THAT(one[0].why, HasSubstr("calibrated 2026-11-22 04:35 UTC against csv:-"));
  const auto other = calibration_findings(nano(), {of_fixture(1)});
  ASSERT_EQ(other.size(), 2U);
  EXPECT_EQ(other[0].severity, Severity::warning);
  EXPECT_THAT(other[0].why, HasSubstr("averaging was 1, is 64"));
}

}  // namespace
}  // namespace layerwatt
