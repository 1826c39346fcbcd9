// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "core/temporary_tree.h"
#include "session/machine_facts.h"

namespace layerwatt {
namespace {

using ::testing::HasSubstr;

Machine recorded(const std::string& board) {
  return Machine{LAYERWATT_FIXTURES "/boards/" + board, system_clock()};
}

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

TEST(Doctor, ChannelThatIsNotConnectedIsNoWarning) {
  const auto findings = doctor_findings(recorded("jetson-agx-orin-l4t35"));
  ASSERT_NE(find(findings, "1-0041 ch1"), nullptr);
  EXPECT_EQ(find(findings, "1-0041 ch1")->severity, Severity::ok);
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
