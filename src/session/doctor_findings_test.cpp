// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "core/temporary_tree.h"
#include "session/machine_facts.h"
#include "session/testing/recorded.h"

namespace layerwatt {
namespace {

using ::testing::HasSubstr;

const Finding* find(const std::vector<Finding>& findings, const std::string& what) {
  for (const Finding& finding : findings)
    if (finding.what.find(what) != std::string::npos) return &finding;
  return nullptr;
}

TEST(Doctor, SaysWhichSensorsMeasure) {
  const auto findings = doctor_findings(recorded("jetson-nano-l4t32"));
  const Finding* sensor = find(findings, "ina3221 6-0040");
  ASSERT_NE(sensor, nullptr);
  EXPECT_EQ(sensor->severity, Severity::ok);
  EXPECT_THAT(sensor->why, HasSubstr("POM_5V_IN"));
}

TEST(Doctor, MachineWithoutASensorHasAProblemAndARemedy) {
  const auto findings = doctor_findings(Machine{"/nonexistent", system_clock()});
  const Finding* sensor = find(findings, "power sensors");
  ASSERT_NE(sensor, nullptr);
  EXPECT_EQ(sensor->severity, Severity::problem);
  EXPECT_FALSE(sensor->remedy.empty());
}

TEST(Doctor, CounterThatCannotBeReadIsAWarningWithTheRemedy) {
  TemporaryTree tree;
  tree.put("/sys/class/powercap/intel-rapl:0/name", "package-0\n");
  tree.put("/sys/class/powercap/intel-rapl:0/energy_uj", "not a counter\n");
  const auto findings = doctor_findings(tree.machine());
  ASSERT_NE(find(findings, "intel-rapl:0"), nullptr);
  EXPECT_EQ(find(findings, "intel-rapl:0")->severity, Severity::warning);
  EXPECT_FALSE(find(findings, "intel-rapl:0")->remedy.empty());
  EXPECT_EQ(find(findings, "power sensors")->severity, Severity::problem);
}

TEST(Doctor, GraphicsCardAloneDoesNotMeasureTheCpu) {
  TemporaryTree tree;
  tree.put("/sys/class/hwmon/hwmon0/name", "amdgpu\n");
  tree.put("/sys/class/hwmon/hwmon0/power1_average", "31000000\n");
  const auto findings = doctor_findings(tree.machine());
  ASSERT_NE(find(findings, "hwmon_gpu"), nullptr);
  EXPECT_THAT(find(findings, "hwmon_gpu")->why, HasSubstr("only with --sensor hwmon_gpu"));
  ASSERT_NE(find(findings, "power sensors"), nullptr);
  EXPECT_EQ(find(findings, "power sensors")->severity, Severity::problem);
}

TEST(Doctor, ChannelThatIsNotConnectedIsNoWarning) {
  const auto findings = doctor_findings(recorded("jetson-agx-orin-l4t35"));
  ASSERT_NE(find(findings, "1-0041 ch1"), nullptr);
  EXPECT_EQ(find(findings, "1-0041 ch1")->severity, Severity::ok);
}

TEST(Doctor, SaysWhatTheBestModeWouldGainWhereTheSensorAverages) {
  TemporaryTree nano;
  nano.copy(LAYERWATT_FIXTURES "/boards/jetson-nano-l4t32");
  const auto continuous = doctor_findings(nano.machine());
  const Finding* mode = find(continuous, "mode of ina3221");
  ASSERT_NE(mode, nullptr);
  EXPECT_EQ(mode->severity, Severity::warning);
  // 64 conversions in cycles of 0.84 ms: 0.84 / -ln(1 - 1/64) = 53.3 ms.
  EXPECT_THAT(mode->why,
              HasSubstr("POM_5V_IN, POM_5V_GPU, POM_5V_CPU are averaged over 64 conversions (53.3 ms)"));
  EXPECT_THAT(mode->why, HasSubstr("--sensor-mode best would read single conversions of 140 us"));
  EXPECT_THAT(mode->remedy, HasSubstr("root"));
  nano.put("/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/running_mode", "0\n");
  EXPECT_EQ(find(doctor_findings(nano.machine()), "mode of ina3221"), nullptr);
}

TEST(Doctor, LongConversionsAreAWarningWithoutAveragingToo) {
  TemporaryTree orin;
  orin.copy(LAYERWATT_FIXTURES "/boards/jetson-orin-nano-l4t36");
  const auto slow = doctor_findings(orin.machine());
  ASSERT_NE(find(slow, "mode of ina3221"), nullptr);
  EXPECT_THAT(find(slow, "mode of ina3221")->why, HasSubstr("converted in 1.1 ms"));
  orin.put("/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1/update_interval", "1\n");
  EXPECT_EQ(find(doctor_findings(orin.machine()), "mode of ina3221"), nullptr);
}

TEST(Doctor, ClocksThatMayChangeAreAWarningWithTheBoardsRemedy) {
  const Finding moving = *find(doctor_findings(recorded("jetson-nano-l4t32")), "clocks");
  EXPECT_EQ(moving.severity, Severity::warning);
  EXPECT_THAT(moving.why, HasSubstr("cpu0 (schedutil)"));
  EXPECT_THAT(moving.remedy, HasSubstr("jetson_clocks"));
  const Finding held = *find(doctor_findings(recorded("jetson-orin-nano-l4t36")), "clocks");
  EXPECT_EQ(held.severity, Severity::ok);
}

TEST(Doctor, EqualLimitsHoldAClockWhateverTheGovernor) {
  TemporaryTree tree;
  const std::string policy = "/sys/devices/system/cpu/cpufreq/policy0";
  tree.put(policy + "/scaling_governor", "schedutil\n");
  tree.put(policy + "/scaling_min_freq", "1479000\n");
  tree.put(policy + "/scaling_max_freq", "1479000\n");
  EXPECT_EQ(find(doctor_findings(tree.machine()), "clocks")->severity, Severity::ok);
  tree.put(policy + "/scaling_max_freq", "garbage\n");
  EXPECT_EQ(find(doctor_findings(tree.machine()), "clocks")->severity, Severity::warning);
}

TEST(Doctor, ThrottlingNowIsAWarning) {
  TemporaryTree tree;
  tree.put("/sys/class/thermal/cooling_device0/type", "thermal-cpufreq-0\n");
  tree.put("/sys/class/thermal/cooling_device0/cur_state", "0\n");
  tree.put("/sys/class/thermal/cooling_device1/type", "pwm-fan\n");
  tree.put("/sys/class/thermal/cooling_device1/cur_state", "3\n");
  EXPECT_EQ(find(doctor_findings(tree.machine()), "throttling"), nullptr);
  tree.put("/sys/class/thermal/cooling_device0/cur_state", "2\n");
  ASSERT_NE(find(doctor_findings(tree.machine()), "throttling"), nullptr);
  tree.put("/sys/class/hwmon/hwmon2/oc1_event_cnt", "5\n");
  EXPECT_THAT(find(doctor_findings(tree.machine()), "over-current")->why, HasSubstr("5"));
}

TEST(Doctor, AGlibcTooOldForTheEngineIsAWarning) {
  TemporaryTree tree;
  const auto with_version = [&](const std::string& version) {
    tree.put("/var/lib/dpkg/status",
             "Package: libc6\nStatus: install ok installed\nVersion: " + version + "\n\n");
    return doctor_findings(tree.machine());
  };
  const auto old = with_version("2.27-3ubuntu1.6");
  ASSERT_NE(find(old, "ONNX Runtime"), nullptr);
  EXPECT_THAT(find(old, "ONNX Runtime")->why, HasSubstr("2.27-3ubuntu1.6"));
  EXPECT_EQ(find(with_version("2.28-10"), "ONNX Runtime"), nullptr);
  EXPECT_EQ(find(with_version("2.36-9+deb12u14"), "ONNX Runtime"), nullptr);
  EXPECT_EQ(find(with_version("new"), "ONNX Runtime"), nullptr);
}

TEST(Doctor, OtherLoadIsAWarning) {
  TemporaryTree tree;
  tree.put("/proc/loadavg", "1.70 0.5 0.1 1/100 1\n");
  EXPECT_EQ(find(doctor_findings(tree.machine()), "other load")->severity, Severity::warning);
  tree.put("/proc/loadavg", "0.02 0.5 0.1 1/100 1\n");
  EXPECT_EQ(find(doctor_findings(tree.machine()), "other load")->severity, Severity::ok);
  tree.put("/proc/loadavg", "nan\n");
  EXPECT_EQ(find(doctor_findings(tree.machine()), "other load"), nullptr);
}

}  // namespace
}  // namespace layerwatt
