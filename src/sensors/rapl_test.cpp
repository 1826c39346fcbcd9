// SPDX-License-Identifier: Apache-2.0
// Trees constructed from Linux, Documentation/power/powercap/powercap.rst; ranges are those of real machines:
// 262143328850 uJ with units of 61 uJ, 65712999613 uJ for memory of servers.
#include <gmock/gmock.h>

#include "core/temporary_tree.h"
#include "sensors/sensor.h"
#include "sensors/testing/as_nobody.h"
#include "sensors/testing/leaving_file.h"

namespace layerwatt {
extern const SensorDriver rapl_driver;

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Rapl : public ::testing::Test {
 protected:
  void zone(const std::string& id, const std::string& name, const std::string& energy = "1000000\n",
            const std::string& range = "262143328850\n") {
    const std::string directory = "/sys/class/powercap/" + id;
    tree_.put(directory + "/name", name + "\n");
    tree_.put(directory + "/energy_uj", energy);
    tree_.put(directory + "/max_energy_range_uj", range);
  }
  void laptop() {
    tree_.put_directory("/sys/class/powercap/intel-rapl");
    zone("intel-rapl:0", "package-0", "4310000\n");
    zone("intel-rapl:0:0", "core");
    zone("intel-rapl:0:1", "uncore");
  }
  Found probe() { return rapl_driver.probe(tree_.machine(), {}); }
  static std::vector<const Channel*> channels(const Found& found) {
    std::vector<const Channel*> all;
    for (const auto& sensor : found.sensors)
      for (const Channel& channel : sensor->channels()) all.push_back(&channel);
    return all;
  }
  static std::vector<std::string> rails(const Found& found) {
    std::vector<std::string> names;
    for (const Channel* channel : channels(found)) names.push_back(channel->rail);
    return names;
  }
  static const Channel& rail(const Found& found, const std::string& name) {
    for (const Channel* channel : channels(found))
      if (channel->rail == name) return *channel;
    throw std::runtime_error{"no rail " + name};
  }
  TemporaryTree tree_;
};

TEST_F(Rapl, FindsThePackageAndItsParts) {
  laptop();
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("package-0", "core", "uncore"));
  EXPECT_EQ(found.sensors[0]->device(), "intel-rapl:0");
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(Rapl, ReadsMicrojoulesAsACounterOfEnergy) {
  laptop();
  const Found found = probe();
  EXPECT_EQ(rail(found, "package-0").meaning, Meaning::energy_total);
  EXPECT_DOUBLE_EQ(std::get<Joules>(*found.sensors[0]->read(0)).value(), 4.31);
  tree_.put("/sys/class/powercap/intel-rapl:0/energy_uj", "4310061\n");
  EXPECT_DOUBLE_EQ(std::get<Joules>(*found.sensors[0]->read(0)).value(), 4.310061);
}

TEST_F(Rapl, CounterWrapsOneUnitAfterItsLargestValue) {
  laptop();
  const Found found = probe();
  const Channel& package = rail(found, "package-0");
  ASSERT_TRUE(package.tick && package.wraps_at);
  EXPECT_NEAR(package.tick->value(), 61.035e-6, 1e-12);
  EXPECT_NEAR(package.wraps_at->value(), 262143.328911, 1e-6);
  EXPECT_EQ(package.refresh, 1ms);
}

TEST_F(Rapl, MemoryOfServersHasAUnitOfItsOwn) {
  zone("intel-rapl:0", "package-0");
  zone("intel-rapl:0:0", "dram", "5\n", "65712999613\n");
  EXPECT_NEAR(rail(probe(), "dram").tick->value(), 15.3e-6, 1e-12);
}

TEST_F(Rapl, RangeThatCannotBeReadLeavesTheWrapUnknown) {
  for (const char* range : {"", "garbage\n", "-1\n", "0\n"}) {
    zone("intel-rapl:0", "package-0", "7\n", range);
    const Found found = probe();
    ASSERT_THAT(rails(found), ElementsAre("package-0")) << range;
    EXPECT_FALSE(rail(found, "package-0").wraps_at) << range;
    EXPECT_FALSE(rail(found, "package-0").tick) << range;
  }
}

// ---- What contains what ----------------------------------------------------------------------------------

TEST_F(Rapl, PackageIsTheTotalOfItsParts) {
  laptop();
  const Found found = probe();
  EXPECT_TRUE(rail(found, "package-0").is_total);
  EXPECT_EQ(rail(found, "core").part_of, "package-0");
  EXPECT_EQ(rail(found, "uncore").part_of, "package-0");
  EXPECT_FALSE(rail(found, "core").is_total);
}

TEST_F(Rapl, MemoryIsNotInThePackage) {
  laptop();
  zone("intel-rapl:0:2", "dram");
  const Found found = probe();
  EXPECT_THAT(rail(found, "dram").part_of, IsEmpty());
  EXPECT_FALSE(rail(found, "package-0").is_total);
}

TEST_F(Rapl, PlatformHoldsPackageAndMemory) {
  laptop();
  zone("intel-rapl:0:2", "dram");
  zone("intel-rapl:1", "psys");
  const Found found = probe();
  EXPECT_TRUE(rail(found, "psys").is_total);
  EXPECT_FALSE(rail(found, "package-0").is_total);
  EXPECT_EQ(rail(found, "package-0").part_of, "psys");
  EXPECT_EQ(rail(found, "dram").part_of, "psys");
  EXPECT_EQ(rail(found, "core").part_of, "package-0");
  EXPECT_THAT(rail(found, "psys").part_of, IsEmpty());
}

TEST_F(Rapl, PlatformThatIsNotConnectedIsNoTotal) {
  laptop();
  zone("intel-rapl:1", "psys", "0\n");
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("package-0", "core", "uncore"));
  EXPECT_TRUE(rail(found, "package-0").is_total);
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_THAT(found.skipped[0].why, HasSubstr("zero"));
}

TEST_F(Rapl, TwoProcessorsAreToldApartAndNeitherIsTheTotal) {
  zone("intel-rapl:0", "package-0");
  zone("intel-rapl:0:0", "core");
  zone("intel-rapl:0:1", "dram");
  zone("intel-rapl:1", "package-1");
  zone("intel-rapl:1:0", "core");
  zone("intel-rapl:1:1", "dram");
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("package-0", "core@package-0", "dram@package-0", "package-1",
                                        "core@package-1", "dram@package-1"));
  EXPECT_EQ(rail(found, "core@package-1").part_of, "package-1");
  EXPECT_THAT(rail(found, "dram@package-1").part_of, IsEmpty());
  for (const Channel* channel : channels(found)) EXPECT_FALSE(channel->is_total) << channel->rail;
}

TEST_F(Rapl, WhatThePlatformHoldsIsNotClaimedForTwoProcessors) {
  zone("intel-rapl:0", "package-0");
  zone("intel-rapl:1", "package-1");
  zone("intel-rapl:2", "psys");
  const Found found = probe();
  EXPECT_FALSE(rail(found, "psys").is_total);
  EXPECT_THAT(rail(found, "package-0").part_of, IsEmpty());
}

TEST_F(Rapl, SameCounterThroughMemoryIsNotCountedTwice) {
  laptop();
  zone("intel-rapl-mmio:0", "package-0");
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("package-0", "core", "uncore"));
  EXPECT_EQ(found.sensors[0]->device(), "intel-rapl:0");
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_THAT(found.skipped[0].what, HasSubstr("intel-rapl-mmio:0"));
  EXPECT_THAT(found.skipped[0].remedy, IsEmpty());
}

TEST_F(Rapl, CounterThroughMemoryIsTakenWhenItIsTheOnlyOne) {
  zone("intel-rapl-mmio:0", "package-0");
  EXPECT_THAT(rails(probe()), ElementsAre("package-0"));
}

TEST_F(Rapl, CoreOfAmdIsOneCoreOnlyAndIsLeftOut) {
  zone("intel-rapl:0", "package-0");
  zone("intel-rapl:0:0", "core");
  tree_.put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\n");
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("package-0"));
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_THAT(found.skipped[0].why, HasSubstr("one core"));
}

// ---- What goes wrong -------------------------------------------------------------------------------------

TEST_F(Rapl, FindsNothingWithoutPowercap) {
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(Rapl, OtherKindsOfPowercapAreNoSensors) {
  zone("dtpm:0", "dtpm");
  tree_.put_directory("/sys/class/powercap/intel-rapl");
  EXPECT_THAT(probe().sensors, IsEmpty());
}

TEST_F(Rapl, CountersThatOnlyRootMayReadAreSkippedWithRemedyAndReason) {
  laptop();
  for (const char* id : {"intel-rapl:0", "intel-rapl:0:0", "intel-rapl:0:1"})
    std::filesystem::permissions(tree_.at(std::string{"/sys/class/powercap/"} + id + "/energy_uj"),
                                 std::filesystem::perms::none);
  const testing::AsNobody user;
  if (!user.is_plain_user()) GTEST_SKIP() << "root here cannot become a plain user";
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_EQ(found.skipped[0].what, "rapl package-0, core, uncore");
  EXPECT_THAT(found.skipped[0].why, HasSubstr("energy_uj"));
  EXPECT_THAT(found.skipped[0].why, HasSubstr("CVE-2020-8694"));
  EXPECT_THAT(found.skipped[0].remedy, HasSubstr("root"));
  EXPECT_THAT(found.skipped[0].remedy, HasSubstr("chgrp"));
}

TEST_F(Rapl, FileThatIsNoCounterSkipsThatRailOnly) {
  for (const char* content :
       {"", "\n", "abc\n", "12a\n", "-1\n", "99999999999999999999\n", "9223372036854775807\n", "1e3\n"}) {
    laptop();
    zone("intel-rapl:0:0", "core", content);
    const Found found = probe();
    EXPECT_THAT(rails(found), ElementsAre("package-0", "uncore")) << content;
    ASSERT_THAT(found.skipped, SizeIs(1)) << content;
    EXPECT_THAT(found.skipped[0].why, HasSubstr("energy_uj"));
    EXPECT_FALSE(found.skipped[0].remedy.empty());
  }
}

TEST_F(Rapl, NameWithControlCharactersIsRefused) {
  zone("intel-rapl:0", "\x1b[31mred");
  zone("intel-rapl:1", std::string(4000, 'A'));
  zone("intel-rapl:2", "");
  const Found found = probe();
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, SizeIs(3));
  for (const Skipped& skipped : found.skipped) {
    EXPECT_EQ(skipped.what.find('\x1b'), std::string::npos);
    EXPECT_EQ(skipped.why.find('\x1b'), std::string::npos);
  }
}

TEST_F(Rapl, PartsStayWhenThePackageCannotBeRead) {
  laptop();
  zone("intel-rapl:0", "package-0", "garbage\n");
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("core", "uncore"));
  EXPECT_THAT(rail(found, "core").part_of, IsEmpty());  // there is no such rail
  EXPECT_FALSE(rail(found, "core").is_total);
}

TEST_F(Rapl, CounterThatLeavesIsGone) {
  laptop();
  testing::LeavingFile file{tree_.at("/sys/class/powercap/intel-rapl:0/energy_uj")};
  const Found found = probe();
  ASSERT_TRUE(found.sensors[0]->read(0));
  file.leave();
  const auto value = found.sensors[0]->read(0);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Errc::gone);
}

TEST_F(Rapl, CounterThatBreaksLaterIsAnErrorAndRecovers) {
  laptop();
  const Found found = probe();
  for (const char* content : {"", "-5\n", "262143328851\n"}) {
    tree_.put("/sys/class/powercap/intel-rapl:0/energy_uj", content);
    const auto broken = found.sensors[0]->read(0);
    ASSERT_FALSE(broken) << content;
    EXPECT_EQ(broken.error().code, Errc::malformed);
    EXPECT_THAT(broken.error().where, HasSubstr("energy_uj"));
  }
  tree_.put("/sys/class/powercap/intel-rapl:0/energy_uj", "262143328850\n");
  EXPECT_TRUE(found.sensors[0]->read(0));
}

}  // namespace
}  // namespace layerwatt
