// SPDX-License-Identifier: Apache-2.0
// Trees constructed from Linux, arch/x86/events/rapl.c: names, numbers, scale and unit of events as it has
// them. Counts are the test's, but where it says so: there the kernel's software clock stands in for energy.
#include "sensors/rapl_perf.h"

#include <gmock/gmock.h>
#include <sched.h>

#include "core/temporary_tree.h"
#include "sensors/testing/as_nobody.h"

namespace layerwatt {
extern const SensorDriver rapl_perf_driver;

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string pmu = "/sys/bus/event_source/devices/power";
const std::string joules = "2.3283064365386962890625e-10\n";  // 2^-32

class FixedCount final : public PerfCount {
 public:
  explicit FixedCount(const Result<std::uint64_t>& count) : count_{count} {}
  [[nodiscard]] Result<std::uint64_t> read() const override { return count_; }

 private:
  const Result<std::uint64_t>& count_;
};

class RaplPerf : public ::testing::Test {
 protected:
  RaplPerf() {
    tree_.put(pmu + "/type", "23\n");
    tree_.put(pmu + "/cpumask", "0\n");
    put_package(0, 0);
  }
  void put_package(int cpu, int package) const {
    tree_.put("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/physical_package_id",
              std::to_string(package) + "\n");
  }
  void put_event(const std::string& name, const std::string& event, const std::string& scale = joules,
                 const std::string& unit = "Joules\n") const {
    tree_.put(pmu + "/events/" + name, event + "\n");
    tree_.put(pmu + "/events/" + name + ".scale", scale);
    tree_.put(pmu + "/events/" + name + ".unit", unit);
  }
  void laptop() const {
    put_event("energy-cores", "event=0x01");
    put_event("energy-pkg", "event=0x02");
    put_event("energy-gpu", "event=0x04");
  }
  Found probe() {
    return rapl_perf::probe(tree_.machine(), [this](const PerfEvent& event) {
      asked_.push_back(event);
      return Result<std::unique_ptr<PerfCount>>{std::make_unique<FixedCount>(count_)};
    });
  }
  static std::vector<Channel> channels(const Found& found) {
    std::vector<Channel> all;
    for (const auto& sensor : found.sensors)
      all.insert(all.end(), sensor->channels().begin(), sensor->channels().end());
    return all;
  }
  static std::vector<std::string> rails(const Found& found) {
    std::vector<std::string> names;
    for (const Channel& channel : channels(found)) names.push_back(channel.rail);
    return names;
  }
  static Channel rail(const Found& found, const std::string& name) {
    for (const Channel& channel : channels(found))
      if (channel.rail == name) return channel;
    throw std::runtime_error{"no rail " + name};
  }
  TemporaryTree tree_;
  std::vector<PerfEvent> asked_;
  Result<std::uint64_t> count_{std::uint64_t{0}};
};

TEST_F(RaplPerf, OpensEachEventByItsNumberOnTheProcessorOfTheMask) {
  laptop();
  tree_.put(pmu + "/cpumask", "2\n");
  put_package(2, 0);
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("package-0", "core", "gpu"));
  EXPECT_EQ(found.sensors[0]->device(), "power@cpu2");
  ASSERT_THAT(asked_, SizeIs(3));
  const std::uint64_t numbers[] = {2, 1, 4};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(asked_[i].type, 23u);
    EXPECT_EQ(asked_[i].config, numbers[i]);
    EXPECT_EQ(asked_[i].cpu, 2);
  }
}

TEST_F(RaplPerf, CountTimesScaleIsJoules) {
  laptop();
  const Found found = probe();
  const Channel package = rail(found, "package-0");
  EXPECT_EQ(package.meaning, Meaning::energy_total);
  EXPECT_EQ(package.refresh, 1ms);
  EXPECT_FALSE(package.wraps_at);
  EXPECT_FALSE(package.tick);  // the unit is finer than the counter's step, which is not shown
  count_ = std::uint64_t{3} << 31;
  EXPECT_EQ(std::get<Joules>(*found.sensors[0]->read(0)), Joules{1.5});
  count_ = std::uint64_t{1} << 52;  // beyond 32 bits: 12 days at 1 W
  EXPECT_EQ(std::get<Joules>(*found.sensors[0]->read(0)), Joules{1048576});
}

TEST_F(RaplPerf, ContainmentIsThatOfPowercap) {
  laptop();
  put_event("energy-ram", "event=0x03");
  put_event("energy-psys", "event=0x05");
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("package-0", "core", "gpu", "dram", "psys"));
  EXPECT_EQ(rail(found, "core").part_of, "package-0");
  EXPECT_EQ(rail(found, "gpu").part_of, "package-0");
  EXPECT_EQ(rail(found, "dram").part_of, "psys");
  EXPECT_EQ(rail(found, "package-0").part_of, "psys");
  EXPECT_TRUE(rail(found, "psys").is_total);
  EXPECT_FALSE(rail(found, "package-0").is_total);
}

TEST_F(RaplPerf, EachPackageIsCountedOnAProcessorOfItsOwn) {
  put_event("energy-pkg", "event=0x02");
  put_event("energy-ram", "event=0x03");
  tree_.put(pmu + "/cpumask", "0,28\n");
  put_package(28, 1);
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("package-0", "dram@package-0", "package-1", "dram@package-1"));
  EXPECT_THAT(rail(found, "dram@package-1").part_of, IsEmpty());
  for (const Channel& channel : channels(found)) EXPECT_FALSE(channel.is_total) << channel.rail;
  EXPECT_EQ(asked_.back().cpu, 28);
}

TEST_F(RaplPerf, DiesOfOnePackageAreToldApart) {
  put_event("energy-pkg", "event=0x02");
  tree_.put(pmu + "/cpumask", "0-1\n");
  put_package(1, 0);
  tree_.put("/sys/devices/system/cpu/cpu0/topology/die_id", "0\n");
  tree_.put("/sys/devices/system/cpu/cpu1/topology/die_id", "1\n");
  EXPECT_THAT(rails(probe()), ElementsAre("package-0-die-0", "package-0-die-1"));
}

TEST_F(RaplPerf, PlatformOfSapphireRapidsIsLeftOutWithTheReason) {
  put_event("energy-pkg", "event=0x02");
  put_event("energy-psys", "event=0x05");
  tree_.put("/proc/cpuinfo",
            "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Xeon\n");
  const Found found = probe();
  EXPECT_THAT(rails(found), ElementsAre("package-0"));
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_THAT(found.skipped[0].why, HasSubstr("whole joules"));
}

// ---- What goes wrong -------------------------------------------------------------------------------------

TEST_F(RaplPerf, FindsNothingWithoutThePmu) {
  const TemporaryTree empty;
  const Found found = rapl_perf_driver.probe(empty.machine(), {});
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST_F(RaplPerf, EventsOfARecordedMachineAreNotCountedOnThisOne) {
  laptop();
  const Found found = rapl_perf_driver.probe(tree_.machine(), {});
  EXPECT_THAT(found.sensors, IsEmpty());
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_THAT(found.skipped[0].why, HasSubstr("recorded"));
}

TEST_F(RaplPerf, WhatThisUserMayNotCountIsOneSkipWithRemedyAndReason) {
  laptop();
  const Found found =
      rapl_perf::probe(tree_.machine(), [](const PerfEvent&) -> Result<std::unique_ptr<PerfCount>> {
        return Error{Errc::permission, "perf event 23:2 on CPU 0", "Permission denied"};
      });
  EXPECT_THAT(found.sensors, IsEmpty());
  ASSERT_THAT(found.skipped, SizeIs(1));
  EXPECT_EQ(found.skipped[0].what, "rapl_perf energy-pkg, energy-cores, energy-gpu");
  EXPECT_THAT(found.skipped[0].why, AllOf(HasSubstr("23:2 on CPU 0"), HasSubstr("CVE-2020-8694")));
  EXPECT_THAT(found.skipped[0].remedy, AllOf(HasSubstr("cap_perfmon"), HasSubstr("perf_event_paranoid=0")));
}

TEST_F(RaplPerf, EventThatIsNotUnderstoodIsLeftOutAloneAndSaid) {
  for (const auto& [event, scale, unit] :
       {std::array{"event=0x01,inv", joules.c_str(), "Joules\n"},
        std::array{"domain=0x1", joules.c_str(), "Joules\n"}, std::array{"event=0x01", "0\n", "Joules\n"},
        std::array{"event=0x01", "-1e-10\n", "Joules\n"}, std::array{"event=0x01", "nan\n", "Joules\n"},
        std::array{"event=0x01", "3\n", "Joules\n"}, std::array{"event=0x01", joules.c_str(), "Watts\n"}}) {
    laptop();
    put_event("energy-cores", event, scale, unit);
    const Found found = probe();
    EXPECT_THAT(rails(found), ElementsAre("package-0", "gpu")) << event << scale << unit;
    ASSERT_THAT(found.skipped, SizeIs(1)) << event << scale << unit;
    EXPECT_THAT(found.skipped[0].why, HasSubstr("energy-cores"));
  }
}

TEST_F(RaplPerf, MaskThatIsNoneIsSaidAndNothingIsOpened) {
  laptop();
  for (const char* mask : {"", "\n", "x\n", "3-1\n", "0-100000\n", "0,,1\n", "-1\n", "0-9999\n"}) {
    tree_.put(pmu + "/cpumask", mask);
    const Found found = probe();
    EXPECT_THAT(found.sensors, IsEmpty()) << mask;
    ASSERT_THAT(found.skipped, SizeIs(1)) << mask;
    EXPECT_THAT(found.skipped[0].why, HasSubstr("cpumask"));
  }
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(RaplPerf, ProcessorThatGoesOfflineIsGone) {
  laptop();
  const Found found = probe();
  count_ = Error{Errc::gone, "perf event 23:2 on CPU 0", "offline"};
  const auto value = found.sensors[0]->read(0);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Errc::gone);
}

// ---- The system call itself ------------------------------------------------------------------------------

// PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, in nanoseconds: with this scale a processor takes 1 W.
class RaplPerfOnTheKernel : public RaplPerf {
 protected:
  RaplPerfOnTheKernel() {
    const std::string cpu = std::to_string(sched_getcpu());
    tree_.put(pmu + "/type", "1\n");
    tree_.put(pmu + "/cpumask", cpu + "\n");
    tree_.put("/sys/devices/system/cpu/cpu" + cpu + "/topology/physical_package_id", "0\n");
    put_event("energy-pkg", "event=0x00", "1e-9\n");
  }
};

TEST_F(RaplPerfOnTheKernel, ClockOfAProcessorReadsAsOneWatt) {
  const Found found = rapl_perf::probe(tree_.machine(), open_perf_count);
  if (found.sensors.empty()) GTEST_SKIP() << "no perf events here: " << found.skipped.at(0).why;
  Sensor& sensor = *found.sensors[0];
  const Clock& clock = system_clock();
  const Instant outer_from = clock.now();
  const auto first = sensor.read(0);
  const Instant inner_from = clock.now();
  clock.sleep_until(inner_from + 20ms);
  const Instant inner_to = clock.now();
  const auto second = sensor.read(0);
  const Instant outer_to = clock.now();
  ASSERT_TRUE(first && second);
  const double counted = (std::get<Joules>(*second) - std::get<Joules>(*first)).value();
  // As of core/perf_count_test.cpp: the two clocks are apart by 1 % at most.
  EXPECT_GE(counted, seconds(inner_to - inner_from) * 0.99);
  EXPECT_LE(counted, seconds(outer_to - outer_from) * 1.01);
}

TEST_F(RaplPerfOnTheKernel, UserWhoMayNotCountIsToldHow) {
  const testing::AsNobody user;
  if (!user.is_plain_user()) GTEST_SKIP() << "root here cannot become a plain user";
  const Found found = rapl_perf::probe(tree_.machine(), open_perf_count);
  if (!found.sensors.empty()) GTEST_SKIP() << "every user may count here (perf_event_paranoid)";
  ASSERT_THAT(found.skipped, SizeIs(1));
  if (found.skipped[0].what != "rapl_perf energy-pkg") GTEST_SKIP() << found.skipped[0].why;
  EXPECT_THAT(found.skipped[0].remedy, HasSubstr("perf_event_paranoid"));
}

}  // namespace
}  // namespace layerwatt
