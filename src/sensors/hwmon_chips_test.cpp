// SPDX-License-Identifier: Apache-2.0
// Trees constructed from Linux, Documentation/hwmon/sysfs-interface.rst, with links as sysfs has them.
#include "sensors/hwmon_chips.h"

#include <gmock/gmock.h>

#include "core/temporary_tree.h"
#include "sensors/testing/as_nobody.h"
#include "sensors/testing/leaving_file.h"

namespace layerwatt {
extern const SensorDriver hwmon_driver, hwmon_gpu_driver;

namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class Hwmon : public ::testing::Test {
 protected:
  // The device of `parent` on a bus, with hwmonN below it and the links that lead to both.
  std::string chip(const std::string& number, const std::string& name, const std::string& parent,
                   const std::string& subsystem = "i2c") {
    const std::string device = "/sys/devices/" + parent, hwmon = device + "/hwmon/hwmon" + number;
    tree_.put(hwmon + "/name", name + "\n");
    tree_.put_directory("/sys/bus/" + subsystem);
    std::filesystem::create_directories(tree_.at("/sys/class/hwmon"));
    if (!std::filesystem::exists(tree_.at(device + "/subsystem")))
      std::filesystem::create_symlink("../../bus/" + subsystem, tree_.at(device + "/subsystem"));
    std::filesystem::create_symlink("../../devices/" + parent + "/hwmon/hwmon" + number,
                                    tree_.at("/sys/class/hwmon/hwmon" + number));
    std::filesystem::create_symlink("../../../" + parent, tree_.at(hwmon + "/device"));
    return hwmon;
  }
  std::string ina226() {
    const std::string hwmon = chip("3", "ina226", "1-0041");
    tree_.put(hwmon + "/power1_input", "4312500\n");
    tree_.put(hwmon + "/update_interval", "35\n");
    tree_.put(hwmon + "/power1_crit", "0\n");
    return hwmon;
  }
  Found probe() { return hwmon_driver.probe(tree_.machine(), {}); }
  static std::vector<std::string> rails(const Found& found) {
    std::vector<std::string> names;
    for (const auto& sensor : found.sensors)
      for (const Channel& channel : sensor->channels()) names.push_back(channel.rail);
    return names;
  }
  TemporaryTree tree_;
};

TEST_F(Hwmon, ReadsMicrowattsOfAnyChip) {
  ina226();
  const Found found = probe();
  ASSERT_THAT(found.sensors, SizeIs(1));
  EXPECT_THAT(rails(found), ElementsAre("ina226_power1"));
  EXPECT_EQ(found.sensors[0]->channels()[0].meaning, Meaning::power_now);
  EXPECT_DOUBLE_EQ(std::get<Watts>(*found.sensors[0]->read(0)).value(), 4.3125);
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(Hwmon, NamesTheDeviceAndNotTheNumberThatChangesBetweenBoots) {
  ina226();
  EXPECT_EQ(probe().sensors[0]->device(), "ina226@1-0041");
}

TEST_F(Hwmon, ChipWithoutADeviceIsNamedByItsNumber) {
  tree_.put("/sys/class/hwmon/hwmon5/name", "power_meter\n");
  tree_.put("/sys/class/hwmon/hwmon5/power1_input", "1\n");
  EXPECT_EQ(probe().sensors[0]->device(), "power_meter@hwmon5");
}

TEST_F(Hwmon, LabelsNameRails) {
  const std::string hwmon = chip("0", "ltc2975", "4-005c");
  for (const char* n : {"1", "2"}) tree_.put(hwmon + "/power" + n + "_input", "1000000\n");
  tree_.put(hwmon + "/power1_label", "pin\n");
  tree_.put(hwmon + "/power2_label", "power +12v\n");
  EXPECT_THAT(rails(probe()), ElementsAre("pin", "power_+12v"));
}

TEST_F(Hwmon, ChipsOfAKindAreToldApartByTheirDevice) {
  for (const char* n : {"0", "1"})
    tree_.put(chip(n, "ina226", std::string{"1-004"} + n) + "/power1_input", "1000000\n");
  EXPECT_THAT(rails(probe()), ElementsAre("ina226_power1@1-0040", "ina226_power1@1-0041"));
}

TEST_F(Hwmon, RailsAreInOrderOfNumber) {
  const std::string hwmon = chip("0", "pmbus", "4-005c");
  for (const char* n : {"1", "2", "10"}) tree_.put(hwmon + "/power" + n + "_input", "1\n");
  EXPECT_THAT(rails(probe()), ElementsAre("pmbus_power1", "pmbus_power2", "pmbus_power10"));
}

TEST_F(Hwmon, MeanOfTheIna226IsRenewedOnceAnInterval) {
  ina226();
  const Found found = probe();
  const Channel& rail = found.sensors[0]->channels()[0];
  EXPECT_EQ(rail.refresh, 35ms);
  EXPECT_EQ(rail.aperture, 35ms);
  EXPECT_EQ(rail.averaging, 1);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("update_interval", "35 ms")));
}

TEST_F(Hwmon, TimingThatTheInterfaceDoesNotTellIsNotKnown) {
  tree_.put(chip("0", "pmbus", "4-005c") + "/power1_input", "1\n");
  const Found found = probe();
  const Channel& rail = found.sensors[0]->channels()[0];
  EXPECT_FALSE(rail.refresh);
  EXPECT_FALSE(rail.aperture);
  EXPECT_FALSE(rail.averaging);
}

TEST_F(Hwmon, TimingIsThatOfTheChipAsItsDriverSetsIt) {
  tree_.put(chip("0", "ina219", "1-0040") + "/power1_input", "1\n");
  tree_.put(chip("1", "ina238", "1-0041") + "/power1_input", "1\n");
  const Found found = probe();
  EXPECT_EQ(found.sensors[0]->channels()[0].aperture, 532us);
  EXPECT_EQ(found.sensors[0]->channels()[0].refresh, 1064us);
  EXPECT_EQ(found.sensors[1]->channels()[0].refresh, 50496us);
}

TEST_F(Hwmon, AverageIsAWindowOfItsInterval) {
  const std::string hwmon = chip("0", "power_meter", "ACPI000D_00", "acpi");
  tree_.put(hwmon + "/power1_average", "250000000\n");
  tree_.put(hwmon + "/power1_average_interval", "1000\n");
  const Found found = probe();
  const Channel& rail = found.sensors[0]->channels()[0];
  EXPECT_EQ(rail.aperture, 1s);
  EXPECT_EQ(rail.refresh, 1s);
  EXPECT_DOUBLE_EQ(std::get<Watts>(*found.sensors[0]->read(0)).value(), 250);
}

TEST_F(Hwmon, PowerAtThisMomentIsPreferredToItsAverage) {
  const std::string hwmon = chip("0", "pmbus", "4-005c");
  tree_.put(hwmon + "/power1_average", "1000000\n");
  tree_.put(hwmon + "/power1_input", "2000000\n");
  const Found found = probe();
  ASSERT_THAT(rails(found), SizeIs(1));
  EXPECT_DOUBLE_EQ(std::get<Watts>(*found.sensors[0]->read(0)).value(), 2);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("pmbus_power1", "power1_input")));
}

TEST_F(Hwmon, EnergyIsACounterOfUnknownWidth) {
  const std::string hwmon = chip("0", "sq52206", "1-0040");
  tree_.put(hwmon + "/energy1_input", "12500000\n");
  tree_.put(hwmon + "/power1_input", "1000000\n");
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("sq52206_energy1", "sq52206_power1"));
  const Channel& rail = found.sensors[0]->channels()[0];
  EXPECT_EQ(rail.meaning, Meaning::energy_total);
  EXPECT_FALSE(rail.wraps_at);
  EXPECT_DOUBLE_EQ(std::get<Joules>(*found.sensors[0]->read(0)).value(), 12.5);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("energy1_wraps_at", HasSubstr("not known"))));
}

TEST_F(Hwmon, PowerAndEnergyOfOneLabelAreToldApart) {
  const std::string hwmon = chip("0", "meter", "1-0040");
  for (const char* file : {"/energy1", "/power1"}) {
    tree_.put(hwmon + file + "_input", "1\n");
    tree_.put(hwmon + file + "_label", "card\n");
  }
  EXPECT_THAT(rails(probe()), ElementsAre("card", "card_power1"));
}

// ---- What is no sensor here ------------------------------------------------------------------------------

TEST_F(Hwmon, LeavesTheIna3221ToItsOwnDriver) {
  tree_.put(chip("0", "ina3221", "1-0040") + "/power1_input", "1\n");
  EXPECT_THAT(probe().sensors, IsEmpty());
}

TEST_F(Hwmon, BatteriesAndThermalZonesThatShowAgainAreNoChips) {
  tree_.put(chip("0", "BAT0", "BAT0", "power_supply") + "/power1_input", "1\n");
  tree_.put(chip("1", "CPU_therm", "thermal_zone0", "thermal") + "/power1_input", "1\n");
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(Hwmon, ChipCalledLikeABatteryIsTaken) {
  tree_.put(chip("0", "BAT0", "1-0040", "i2c") + "/power1_input", "1\n");
  EXPECT_THAT(probe().sensors, SizeIs(1));
}

TEST_F(Hwmon, ChipsWithoutPowerAreNotMentioned) {
  tree_.put(chip("0", "coretemp", "coretemp.0", "platform") + "/temp1_input", "40000\n");
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(Hwmon, LimitsAndRecordsAreNoRails) {
  const std::string hwmon = chip("0", "lm25066", "4-005c");
  for (const char* file : {"power1_max", "power1_cap", "power1_input_highest", "power1_average_max",
                           "power_input", "power0_input", "powerx_input", "power1", "powers1_input"})
    tree_.put(hwmon + "/" + file, "1000000\n");
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(Hwmon, GraphicsCardsHaveADriverOfTheirOwn) {
  ina226();
  const std::string card = chip("7", "amdgpu", "0000:03:00.0", "pci");
  tree_.put(card + "/power1_average", "31000000\n");
  tree_.put(card + "/power1_label", "PPT\n");
  EXPECT_THAT(rails(probe()), ElementsAre("ina226_power1"));
  const Found cards = hwmon_gpu_driver.probe(tree_.machine(), {});
  EXPECT_THAT(rails(cards), ElementsAre("PPT"));
  EXPECT_EQ(cards.sensors[0]->device(), "amdgpu@0000:03:00.0");
}

// ---- What goes wrong -------------------------------------------------------------------------------------

TEST_F(Hwmon, FindsNothingOnAMachineWithoutChips) {
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(Hwmon, FileThatIsNoPowerSkipsThatRailOnly) {
  const std::string hwmon = ina226();
  tree_.put(hwmon + "/power3_input", "7000000\n");
  for (const char* content :
       {"", "\n", "abc\n", "12a\n", "99999999999999999999\n", "9223372036854775807\n"}) {
    tree_.put(hwmon + "/power1_input", content);
    const Found found = probe();
    EXPECT_THAT(rails(found), ElementsAre("ina226_power3")) << content;
    ASSERT_THAT(found.skipped, SizeIs(1)) << content;
    EXPECT_EQ(found.skipped[0].what, "ina226@1-0041 power1");
    EXPECT_THAT(found.skipped[0].why, HasSubstr("power1_input"));
    EXPECT_FALSE(found.skipped[0].remedy.empty());
  }
}

TEST_F(Hwmon, EnergyBelowZeroIsRefused) {
  tree_.put(chip("0", "meter", "1-0040") + "/energy1_input", "-5\n");
  EXPECT_THAT(probe().skipped, SizeIs(1));
}

TEST_F(Hwmon, DirectoryInPlaceOfAFileIsSkipped) {
  const std::string hwmon = ina226();
  tree_.put_directory(hwmon + "/power1_input");
  tree_.put(hwmon + "/power2_input", "1\n");
  tree_.put_directory(hwmon + "/power2_label");
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, SizeIs(2));
}

TEST_F(Hwmon, LabelWithControlCharactersIsRefused) {
  const std::string hwmon = ina226();
  tree_.put(hwmon + "/power1_label", "\x1b[31mred\n");
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_EQ(found.skipped[0].why.find('\x1b'), std::string::npos);
}

TEST_F(Hwmon, AbsurdIntervalIsRecordedButNotBelieved) {
  const std::string hwmon = ina226();
  for (const char* interval : {"0", "-3", "4611686018427387904"}) {
    tree_.put(hwmon + "/update_interval", std::string{interval} + "\n");
    const Found found = probe();
    EXPECT_FALSE(found.sensors[0]->channels()[0].refresh) << interval;
    EXPECT_FALSE(found.sensors[0]->channels()[0].averaging) << interval;
    EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("update_interval", HasSubstr(interval))));
  }
  tree_.put(hwmon + "/update_interval", "garbage\n");
  EXPECT_THAT(probe().sensors[0]->mode(), Contains(Pair("update_interval", "not readable")));
}

TEST_F(Hwmon, UnreadableFilesAreSkippedWithTheWayToReadThem) {
  const std::string hwmon = ina226();
  std::filesystem::permissions(tree_.at(hwmon + "/power1_input"), std::filesystem::perms::none);
  const testing::AsNobody user;
  if (!user.is_plain_user()) GTEST_SKIP() << "root here cannot become a plain user";
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_THAT(found.skipped[0].remedy, HasSubstr("root"));
}

TEST_F(Hwmon, ChipThatLeavesIsGone) {
  testing::LeavingFile file{tree_.at(ina226() + "/power1_input")};
  const Found found = probe();
  ASSERT_TRUE(found.sensors[0]->read(0));
  file.leave();
  const auto value = found.sensors[0]->read(0);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Errc::gone);
}

TEST_F(Hwmon, FileThatBreaksLaterIsAnErrorAndRecovers) {
  const std::string hwmon = ina226();
  const Found found = probe();
  tree_.put(hwmon + "/power1_input", "");
  const auto broken = found.sensors[0]->read(0);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Errc::malformed);
  EXPECT_THAT(broken.error().where, HasSubstr("power1_input"));
  tree_.put(hwmon + "/power1_input", "-500000\n");  // charging backwards
  EXPECT_DOUBLE_EQ(std::get<Watts>(*found.sensors[0]->read(0)).value(), -0.5);
}

}  // namespace
}  // namespace layerwatt
