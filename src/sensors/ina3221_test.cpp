// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "core/temporary_tree.h"
#include "sensors/sensor.h"
#include "sensors/testing/as_nobody.h"

namespace layerwatt {
extern const SensorDriver ina3221_driver;

namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const std::filesystem::path fixtures{LAYERWATT_FIXTURES "/boards"};
const std::string orin = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1";
const std::string nano = "/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0";

Found probe(const Machine& machine) { return ina3221_driver.probe(machine, {}); }
Found probe(const std::string& board) { return probe(Machine{fixtures / board, system_clock()}); }

std::vector<std::string> rails(const Found& found) {
  std::vector<std::string> names;
  for (const auto& sensor : found.sensors)
    for (const Channel& channel : sensor->channels()) names.push_back(channel.rail);
  return names;
}

double watts(const Result<Value>& value) { return std::get<Watts>(*value).value(); }

TEST(Ina3221, FindsTheLabelledRailsOfEitherDriver) {
  EXPECT_THAT(rails(probe("jetson-nano-l4t32")), ElementsAre("POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"));
  EXPECT_THAT(rails(probe("jetson-orin-nano-l4t36")), ElementsAre("VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"));
}

TEST(Ina3221, SaysWhichDeviceEachRailBelongsTo) {
  const Found found = probe("jetson-agx-orin-l4t35");
  ASSERT_THAT(found.sensors, SizeIs(2));
  EXPECT_EQ(found.sensors[0]->device(), "1-0040");
  EXPECT_EQ(found.sensors[1]->device(), "1-0041");
}

TEST(Ina3221, IgnoresShuntVoltagesAndTheirSum) {
  for (const std::string& rail : rails(probe("jetson-orin-nano-l4t36"))) EXPECT_THAT(rail, HasSubstr("VDD_"));
}

TEST(Ina3221, SkipsChannelsThatAreNotConnected) {
  const Found found = probe("jetson-agx-orin-l4t35");
  EXPECT_THAT(rails(found), ElementsAre("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0", "VDDQ_VDD2_1V8AO"));
  ASSERT_THAT(found.skipped, SizeIs(2));
  EXPECT_EQ(found.skipped[0].what, "1-0041 ch1");
  EXPECT_THAT(found.skipped[0].why, HasSubstr("NC"));
}

TEST(Ina3221, HwmonPowerIsVoltsTimesAmperes) {
  const Found found = probe("jetson-orin-nano-l4t36");
  EXPECT_DOUBLE_EQ(watts(found.sensors[0]->read(0)), 5.072 * 0.960);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("power", HasSubstr("two reads"))));
}

TEST(Ina3221, IioPowerIsReadFromOneConversion) {
  const Found found = probe("jetson-nano-l4t32");
  EXPECT_DOUBLE_EQ(watts(found.sensors[0]->read(0)), 4.294);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("power", HasSubstr("one conversion"))));
}

TEST(Ina3221, IioWithoutPowerFilesMultiplies) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-nano-l4t32");
  for (const char* n : {"0", "1", "2"}) tree.remove(nano + "/in_power" + n + "_input");
  const Found found = probe(tree.machine());
  EXPECT_DOUBLE_EQ(watts(found.sensors[0]->read(0)), 5.064 * 0.848);
}

TEST(Ina3221, OldL4tNamesTheDirectoryOtherwise) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-nano-l4t32");
  const auto client = tree.at("/sys/bus/i2c/drivers/ina3221x/6-0040");
  std::filesystem::rename(client / "iio:device0", client / "iio_device");
  EXPECT_THAT(rails(probe(tree.machine())), SizeIs(3));
}

TEST(Ina3221, UnitsBehindTheNumberAreUnderstood) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-nano-l4t32");
  tree.put(nano + "/in_power0_input", "4310 mw\n");
  const Found found = probe(tree.machine());
  EXPECT_DOUBLE_EQ(watts(found.sensors[0]->read(0)), 4.310);
}

TEST(Ina3221, EachReadSeesTheNewValue) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-orin-nano-l4t36");
  const Found found = probe(tree.machine());
  ASSERT_TRUE(found.sensors[0]->read(0));
  tree.put(orin + "/curr1_input", "1000\n");
  EXPECT_DOUBLE_EQ(watts(found.sensors[0]->read(0)), 5.072);
}

TEST(Ina3221, CurrentMayFlowBackwards) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-orin-nano-l4t36");
  tree.put(orin + "/curr1_input", "-40\n");
  const Found found = probe(tree.machine());
  ASSERT_THAT(rails(found), SizeIs(3));
  EXPECT_DOUBLE_EQ(watts(found.sensors[0]->read(0)), 5.072 * -0.040);
}

TEST(Ina3221, ModeTellsAveragingAndCycle) {
  const Found found = probe("jetson-orin-nano-l4t36");
  const Channel& rail = found.sensors[0]->channels()[0];
  EXPECT_EQ(rail.averaging, 1);
  EXPECT_EQ(rail.aperture, 1100us);
  EXPECT_EQ(rail.refresh, 6600us);
  ASSERT_TRUE(rail.quantum);
  EXPECT_NEAR(rail.quantum->value(), 0.008 * 5.072, 1e-12);  // 40 uV / 5 mOhm = 8 mA
  EXPECT_EQ(rail.accuracy.shunt, Ohms{5000 * 1e-6});
  EXPECT_EQ(rail.accuracy.bus, Volts{5072 * 1e-3});
  EXPECT_FALSE(rail.accuracy.shunt_tolerance);  // no driver knows it
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("update_interval", "7")));
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("shunt1_resistor", "5000")));
}

TEST(Ina3221, CycleThatDoesNotFollowFromTheModeIsNotKnown) {
  const Found found = probe("jetson-agx-orin-l4t35");
  const Channel& rail = found.sensors[0]->channels()[0];
  EXPECT_EQ(rail.averaging, 16);
  EXPECT_FALSE(rail.refresh);
}

TEST(Ina3221, L4tAveragingInContinuousModeIsNotKnownFromTheDriver) {
  const Found found = probe("jetson-nano-l4t32");
  EXPECT_FALSE(found.sensors[0]->channels()[0].averaging);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("running_mode", "continuous")));
}

TEST(Ina3221, TriggeredL4tReadsAreOneUnaveragedConversion) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-nano-l4t32");
  tree.put(nano + "/running_mode", "0\n");
  const Found found = probe(tree.machine());
  EXPECT_EQ(found.sensors[0]->channels()[0].averaging, 1);
  EXPECT_EQ(found.sensors[0]->channels()[0].aperture, 140us);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("running_mode", "triggered")));
}

TEST(Ina3221, InputOfTheBoardIsATotal) {
  const Found found = probe("jetson-orin-nano-l4t36");
  EXPECT_TRUE(found.sensors[0]->channels()[0].is_total);
  EXPECT_FALSE(found.sensors[0]->channels()[1].is_total);
}

TEST(Ina3221, WithoutLabelsRailsAreNamedByChannelAndChip) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-orin-nano-l4t36");
  for (const char* n : {"1", "2", "3"}) tree.remove(orin + "/in" + n + "_label");
  EXPECT_THAT(rails(probe(tree.machine())), ElementsAre("ch1", "ch2", "ch3"));
  const auto drivers = tree.at("/sys/bus/i2c/drivers/ina3221");
  std::filesystem::copy(drivers / "1-0040", drivers / "1-0041", std::filesystem::copy_options::recursive);
  EXPECT_THAT(rails(probe(tree.machine())), ElementsAre("ch1@1-0040", "ch2@1-0040", "ch3@1-0040",
                                                        "ch1@1-0041", "ch2@1-0041", "ch3@1-0041"));
}

TEST(Ina3221, OtherHwmonsOnTheSameClientAreLeftAlone) {
  TemporaryTree tree;
  tree.put("/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon0/name", "VDD_IN_therm\n");
  tree.put("/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon0/in1_input", "5000\n");
  tree.put("/sys/bus/i2c/drivers/ina3221/module/hwmon/hwmon0/name", "ina3221\n");
  const Found found = probe(tree.machine());
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST(Ina3221, FindsNothingOnAMachineWithoutOne) {
  const Found found = probe(Machine{"/nonexistent", system_clock()});
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST(Ina3221, ChannelThatIsSwitchedOffIsSkippedWithItsRemedy) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-orin-nano-l4t36");
  tree.put(orin + "/in2_enable", "0\n");
  const Found found = probe(tree.machine());
  EXPECT_THAT(rails(found), ElementsAre("VDD_IN", "VDD_SOC"));
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_EQ(found.skipped[0].what, "1-0040 VDD_CPU_GPU_CV");
  EXPECT_THAT(found.skipped[0].remedy, HasSubstr("in2_enable"));
}

// ---- Hostile trees -------------------------------------------------------------------------------------

TEST(Ina3221, FileThatIsNoNumberSkipsThatRailOnly) {
  for (const char* content :
       {"", "\n", "abc\n", "12a\n", "99999999999999999999\n", "1e3\n", "0x10\n", "-\n"}) {
    TemporaryTree tree;
    tree.copy(fixtures / "jetson-orin-nano-l4t36");
    tree.put(orin + "/curr2_input", content);
    const Found found = probe(tree.machine());
    EXPECT_THAT(rails(found), ElementsAre("VDD_IN", "VDD_SOC")) << content;
    ASSERT_THAT(found.skipped, SizeIs(1)) << content;
    EXPECT_THAT(found.skipped[0].why, HasSubstr("curr2_input"));
    EXPECT_FALSE(found.skipped[0].remedy.empty());
  }
}

TEST(Ina3221, NumberThatNoChipCanGiveSkipsTheRail) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-orin-nano-l4t36");
  tree.put(orin + "/in1_input", "9223372036854775807\n");
  tree.put(orin + "/curr2_input", "-9223372036854775808\n");
  const Found found = probe(tree.machine());
  EXPECT_THAT(rails(found), ElementsAre("VDD_SOC"));
  EXPECT_THAT(found.skipped[0].why, HasSubstr("range"));
}

TEST(Ina3221, DirectoryInPlaceOfAFileIsSkipped) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-orin-nano-l4t36");
  tree.put_directory(orin + "/curr1_input");
  tree.put_directory(orin + "/in2_label");
  tree.put_directory(orin + "/samples");
  const Found found = probe(tree.machine());
  EXPECT_THAT(rails(found), ElementsAre("VDD_SOC"));
  EXPECT_THAT(found.skipped, SizeIs(2));
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("samples", "not readable")));
  EXPECT_FALSE(found.sensors[0]->channels()[0].averaging);
}

TEST(Ina3221, LabelWithControlCharactersIsRefused) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-orin-nano-l4t36");
  tree.put(orin + "/in1_label", "\x1b[31mred\n");
  tree.put(orin + "/in2_label", std::string(4000, 'A') + "\n");
  tree.put(orin + "/in3_label", "\n");
  const Found found = probe(tree.machine());
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, SizeIs(3));
  for (const Skipped& skipped : found.skipped) EXPECT_EQ(skipped.why.find('\x1b'), std::string::npos);
}

TEST(Ina3221, AbsurdModeIsRecordedButNotBelieved) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-orin-nano-l4t36");
  tree.put(orin + "/samples", "-3\n");
  tree.put(orin + "/update_interval", "4611686018427387904\n");
  tree.put(orin + "/shunt1_resistor", "0\n");
  tree.put(orin + "/shunt2_resistor", "-5000\n");
  const Found found = probe(tree.machine());
  const Channel& rail = found.sensors[0]->channels()[0];
  EXPECT_FALSE(rail.averaging);
  EXPECT_FALSE(rail.refresh);
  EXPECT_FALSE(rail.quantum);
  EXPECT_FALSE(rail.accuracy.shunt);
  EXPECT_FALSE(found.sensors[0]->channels()[1].quantum);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("samples", "-3")));
}

TEST(Ina3221, FileThatBreaksLaterIsAnErrorAndRecovers) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-orin-nano-l4t36");
  const Found found = probe(tree.machine());
  tree.put(orin + "/curr1_input", "");
  const auto broken = found.sensors[0]->read(0);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Errc::malformed);
  EXPECT_THAT(broken.error().where, HasSubstr("curr1_input"));
  tree.put(orin + "/curr1_input", "960\n");
  EXPECT_TRUE(found.sensors[0]->read(0));
}

TEST(Ina3221, UnreadableFilesAreSkippedWithTheWayToReadThem) {
  TemporaryTree tree;
  tree.copy(fixtures / "jetson-nano-l4t32");
  for (const char* file : {"/rail_name_1", "/running_mode"})
    std::filesystem::permissions(tree.at(nano + file), std::filesystem::perms::none);
  const testing::AsNobody user;
  if (!user.is_plain_user()) GTEST_SKIP() << "root here cannot become a plain user";
  const Found found = probe(tree.machine());
  EXPECT_THAT(rails(found), ElementsAre("POM_5V_IN", "POM_5V_CPU"));
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_THAT(found.skipped[0].why, HasSubstr("rail_name_1"));
  EXPECT_THAT(found.skipped[0].remedy, HasSubstr("root"));
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("running_mode", "not readable")));
  EXPECT_FALSE(found.sensors[0]->channels()[0].averaging);
}

}  // namespace
}  // namespace layerwatt
