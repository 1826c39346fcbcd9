// SPDX-License-Identifier: Apache-2.0
// Trees constructed from Linux, Documentation/ABI/testing/sysfs-class-power.
#include <gmock/gmock.h>

#include <cmath>

#include "attribution/profile.h"
#include "attribution/testing/simple_run.h"
#include "core/temporary_tree.h"
#include "sensors/sensor.h"
#include "sensors/testing/as_nobody.h"
#include "sensors/testing/leaving_file.h"

namespace layerwatt {
extern const SensorDriver battery_driver;

namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const std::string bat0 = "/sys/class/power_supply/BAT0";

class Battery : public ::testing::Test {
 protected:
  void supply(const std::string& name, const std::string& type) {
    tree_.put("/sys/class/power_supply/" + name + "/type", type + "\n");
  }
  void laptop() {
    supply("AC", "Mains");
    supply("BAT0", "Battery");
    tree_.put(bat0 + "/status", "Discharging\n");
    tree_.put(bat0 + "/present", "1\n");
    tree_.put(bat0 + "/power_now", "8250000\n");
  }
  // Many gauges give no power.
  void tablet(const std::string& microamperes) {
    supply("BAT0", "Battery");
    tree_.put(bat0 + "/status", "Discharging\n");
    tree_.put(bat0 + "/voltage_now", "7600000\n");
    tree_.put(bat0 + "/current_now", microamperes + "\n");
  }
  Found probe() { return battery_driver.probe(tree_.machine(), {}); }
  static double watts(const Found& found) { return std::get<Watts>(*found.sensors.at(0)->read(0)).value(); }
  TemporaryTree tree_;
};

TEST_F(Battery, ReadsPowerNow) {
  laptop();
  const Found found = probe();
  ASSERT_THAT(found.sensors, SizeIs(1));
  EXPECT_EQ(found.sensors[0]->channels()[0].rail, "BAT0");
  EXPECT_DOUBLE_EQ(watts(found), 8.25);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("power", "power_now")));
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(Battery, ElsePowerIsVoltageTimesCurrent) {
  tablet("500000");
  const Found found = probe();
  EXPECT_DOUBLE_EQ(watts(found), 7.6 * 0.5);
  EXPECT_THAT(found.sensors[0]->mode(), Contains(Pair("power", HasSubstr("current_now"))));
}

TEST_F(Battery, DischargingIsPowerDrawnWhateverTheDriversSign) {
  tablet("-500000");
  EXPECT_DOUBLE_EQ(watts(probe()), 7.6 * 0.5);
  tree_.put(bat0 + "/power_now", "-3800000\n");
  EXPECT_DOUBLE_EQ(watts(probe()), 3.8);
}

TEST_F(Battery, ItsGaugeIsSlowAndSaysSo) {
  laptop();
  EXPECT_EQ(probe().sensors[0]->channels()[0].refresh, 1s);
  EXPECT_FALSE(probe().sensors[0]->channels()[0].aperture);
  EXPECT_FALSE(probe().sensors[0]->channels()[0].averaging);
  EXPECT_THAT(probe().sensors[0]->mode(), Contains(Pair("refresh", HasSubstr("not known"))));
  tree_.put("/sys/module/battery/parameters/cache_time", "5000\n");
  EXPECT_EQ(probe().sensors[0]->channels()[0].refresh, 5s);
  for (const char* absurd : {"0", "-1", "4611686018427387904", "garbage"}) {
    tree_.put("/sys/module/battery/parameters/cache_time", absurd);
    EXPECT_EQ(probe().sensors[0]->channels()[0].refresh, 1s) << absurd;
  }
}

TEST_F(Battery, TwoBatteriesAreTwoRailsAndNeitherIsTheTotal) {
  laptop();
  supply("BAT1", "Battery");
  tree_.put("/sys/class/power_supply/BAT1/status", "Discharging\n");
  tree_.put("/sys/class/power_supply/BAT1/power_now", "0\n");
  const Found found = probe();
  ASSERT_THAT(found.sensors, SizeIs(2));
  for (const auto& sensor : found.sensors) EXPECT_FALSE(sensor->channels()[0].is_total);
}

// ---- What does not measure -------------------------------------------------------------------------------

TEST_F(Battery, OnMainsItIsSkippedWithTheRemedy) {
  for (const char* status : {"Charging", "Full", "Not charging", "Unknown", ""}) {
    laptop();
    tree_.put(bat0 + "/status", std::string{status} + "\n");
    const Found found = probe();
    EXPECT_THAT(found.sensors, IsEmpty()) << status;
    ASSERT_THAT(found.skipped, SizeIs(1)) << status;
    EXPECT_THAT(found.skipped[0].remedy, HasSubstr("unplug"));
  }
}

TEST_F(Battery, PluggedInDuringTheRunItGivesNoPower) {
  laptop();
  const Found found = probe();
  tree_.put(bat0 + "/status", "Charging\n");
  const auto value = found.sensors[0]->read(0);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Errc::unsupported);
  tree_.put(bat0 + "/status", "Discharging\n");
  EXPECT_TRUE(found.sensors[0]->read(0));
}

TEST_F(Battery, TakenOutDuringTheRunItIsGone) {
  laptop();
  testing::LeavingFile file{tree_.at(bat0 + "/power_now")};
  const Found found = probe();
  ASSERT_TRUE(found.sensors[0]->read(0));
  file.leave();
  const auto value = found.sensors[0]->read(0);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Errc::gone);
}

TEST_F(Battery, OtherSuppliesAreNotTheMachinesBattery) {
  laptop();
  tree_.put(bat0 + "/present", "0\n");
  supply("USB", "USB");
  supply("hidpp_battery_0", "Battery");
  tree_.put("/sys/class/power_supply/hidpp_battery_0/scope", "Device\n");
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(Battery, GaugeOfStoredEnergyAloneIsTooCoarse) {
  laptop();
  tree_.remove(bat0 + "/power_now");
  tree_.put(bat0 + "/energy_now", "41230000\n");
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_THAT(found.skipped[0].why, HasSubstr("voltage_now"));
}

TEST_F(Battery, FindsNothingOnAMachineWithoutOne) {
  EXPECT_THAT(probe().sensors, IsEmpty());
  EXPECT_THAT(probe().skipped, IsEmpty());
}

TEST_F(Battery, FileThatIsNoNumberIsSkipped) {
  for (const char* content : {"", "abc\n", "12a\n", "99999999999999999999\n", "-9223372036854775808\n"}) {
    laptop();
    tree_.put(bat0 + "/power_now", content);
    const Found found = probe();
    EXPECT_THAT(found.sensors, IsEmpty()) << content;
    ASSERT_THAT(found.skipped, SizeIs(1)) << content;
    EXPECT_THAT(found.skipped[0].why, HasSubstr("power_now"));
  }
  tree_.remove(bat0 + "/power_now");
  for (const char* content : {"9223372036854775807", "1000000001", "-1000000001"}) {
    tablet(content);
    ASSERT_THAT(probe().skipped, SizeIs(1)) << content;
    EXPECT_THAT(probe().skipped[0].why, HasSubstr("range"));
  }
}

TEST_F(Battery, UnreadableFilesAreSkippedWithTheWayToReadThem) {
  laptop();
  std::filesystem::permissions(tree_.at(bat0 + "/power_now"), std::filesystem::perms::none);
  const testing::AsNobody user;
  if (!user.is_plain_user()) GTEST_SKIP() << "root here cannot become a plain user";
  ASSERT_THAT(probe().skipped, SizeIs(1));
  EXPECT_THAT(probe().skipped[0].remedy, HasSubstr("root"));
}

// ---- What is made of it ----------------------------------------------------------------------------------

// What a gauge shows that is renewed every `every` with the mean since then, in mW, read as the sampler does.
std::vector<Reading> gauge_readings(const std::vector<testing::Stretch>& power, Nanoseconds every,
                                    Nanoseconds read_every) {
  std::vector<Watts> means(static_cast<std::size_t>(power.back().until / every) + 1);
  Nanoseconds now{};
  for (const auto& [until, watts] : power)
    while (now < until) {
      const auto k = static_cast<std::size_t>(now / every);
      const Nanoseconds to = std::min(until, every * static_cast<Nanoseconds::rep>(k + 1));
      means[k] += Watts{watts} * (seconds(to - now) / seconds(every));
      now = to;
    }
  std::vector<Reading> readings;
  for (Nanoseconds t = every; t < power.back().until; t += read_every) {
    const Watts mean = means[static_cast<std::size_t>(t / every) - 1];
    readings.push_back({Instant{t}, Instant{t + 50us}, Watts{std::round(mean.value() * 1e3) * 1e-3}});
  }
  return readings;
}

TEST_F(Battery, TellsTheWholeRunAndNoLayers) {
  laptop();
  const Found found = probe();
  testing::SimpleRun run;  // 5 W x 4 ms + 3 W x 6 ms + 1 W x 2 ms: 40 mJ
  run.inferences = 6000;
  run.blocks = 60;
  run.idle = 20s;
  for (const Nanoseconds every : {1s, 5s}) {
    Timeline timeline;
    const auto power = testing::lay_out(run, timeline);
    RailRecord rail;
    rail.channel = found.sensors[0]->channels()[0];
    rail.sensor = "battery";
    rail.readings = gauge_readings(power, every, 400ms);
    timeline.rails.push_back(std::move(rail));
    const auto profile = attribute(timeline, {});
    ASSERT_TRUE(profile);
    ASSERT_THAT(profile->rails, SizeIs(1));
    // The gauge shows what was before: for up to 2 x `every` at the pass's begin, of 84 s, some idle power.
    EXPECT_NEAR(profile->rails[0].inference.value.value(), 0.040, 0.040 * 2 * seconds(every) / 84);
    for (const LayerEnergy& layer : profile->rails[0].layers) EXPECT_FALSE(layer.energy);
    EXPECT_FALSE(profile->rails[0].fit->withheld.empty());
  }
}

}  // namespace
}  // namespace layerwatt
