// SPDX-License-Identifier: Apache-2.0
#include "session/machine_facts.h"

#include <gmock/gmock.h>

#include "core/temporary_tree.h"
#include "session/testing/recorded.h"

namespace layerwatt {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

TEST(MachineFacts, TellsTheVersionsOfInstalledLibraries) {
  const TemporaryTree tree;
  tree.put("/var/lib/dpkg/status",
           "Package: libcudnn8\nStatus: install ok installed\nVersion: 8.2.1.32-1+cuda10.2\n\n"
           "Package: libnvinfer8\nStatus: install ok installed\nVersion: 8.2.1-1+cuda10.2\n\n"
           "Package: cuda-cudart-10-2\nStatus: install ok installed\nVersion: 10.2.300-1\n\n"
           "Package: libopenblas0\nStatus: deinstall ok config-files\nVersion: 0.3.8\n\n"
           "Package: libcudnn8-dev\nStatus: install ok installed\nVersion: 9\n");
  const auto facts = gather_circumstances(tree.machine());
  EXPECT_THAT(facts, Contains(Pair("cudnn", "8.2.1.32-1+cuda10.2")));
  EXPECT_THAT(facts, Contains(Pair("tensorrt", "8.2.1-1+cuda10.2")));
  EXPECT_THAT(facts, Contains(Pair("cuda", "10.2.300-1")));
  EXPECT_THAT(facts, Not(Contains(Key("blas.openblas"))));
}

TEST(MachineFacts, NanoTellsItsBoardReleaseAndClocks) {
  const auto facts = gather_circumstances(recorded("jetson-nano-l4t32"));
  EXPECT_THAT(facts, Contains(Pair("board.id", "jetson-nano")));
  EXPECT_THAT(facts, Contains(Pair("board.model", "NVIDIA Jetson Nano Developer Kit")));
  EXPECT_THAT(facts, Contains(Pair("os", "Ubuntu 18.04.6 LTS")));
  EXPECT_THAT(facts, Contains(Pair("os.l4t", "32.7.1")));
  EXPECT_THAT(facts, Contains(Pair("os.jetpack", "4.6.1-b110")));
  EXPECT_THAT(facts, Contains(Pair("kernel", "4.9.253-tegra")));
  EXPECT_THAT(facts, Contains(Pair("cpu.model", "ARMv8 Processor rev 1 (v8l)")));
  EXPECT_THAT(facts, Contains(Pair("cpu.online", "0-3")));
  EXPECT_THAT(facts, Contains(Pair("governor.cpu0", "schedutil")));
  EXPECT_THAT(facts, Contains(Pair("clock_khz.cpu0.maximum", "1479000")));
  EXPECT_THAT(facts, Contains(Pair("clock_hz.57000000.gpu.now", "76800000")));
  EXPECT_THAT(facts, Contains(Pair("temperature_c.CPU-therm", "31.5")));
  EXPECT_THAT(facts, Contains(Pair("power_mode", "pmode:0000")));
  EXPECT_THAT(facts, Contains(Pair("load.1min", "0.10")));
  EXPECT_THAT(facts, Not(Contains(Key("virtual_machine"))));
}

TEST(MachineFacts, WhatIsNotThereIsAbsent) {
  EXPECT_THAT(gather_circumstances(Machine{"/nonexistent", system_clock()}), IsEmpty());
}

TEST(MachineFacts, HostNameAndSerialNumbersAreLeftOut) {
  TemporaryTree tree;
  tree.put("/etc/hostname", "jetson-of-somebody\n");
  tree.put("/proc/sys/kernel/hostname", "jetson-of-somebody\n");
  tree.put("/sys/class/dmi/id/product_serial", "SERIAL123\n");
  tree.put("/proc/device-tree/serial-number", "SERIAL123\n");
  EXPECT_THAT(gather_circumstances(tree.machine()), IsEmpty());
}

TEST(MachineFacts, HostileFilesGiveOneCleanLineOrNothing) {
  TemporaryTree tree;
  tree.put("/proc/sys/kernel/osrelease", "6.1\x1b[31m\nsecond line\n");
  tree.put("/etc/nv_tegra_release", "# R99999999999999999999 (release)");
  tree.put("/etc/os-release", std::string(300'000, '='));
  tree.put("/sys/class/thermal/thermal_zone0/type", "hot\n");
  tree.put("/sys/class/thermal/thermal_zone0/temp", "999999999\n");
  tree.put_directory("/sys/devices/system/cpu/cpufreq/policy0/scaling_governor");
  tree.put("/sys/devices/system/cpu/cpufreq/policy1/scaling_governor", std::string(5000, 'g'));
  const auto facts = gather_circumstances(tree.machine());
  EXPECT_THAT(facts, Contains(Pair("kernel", "6.1 [31m second line")));
  EXPECT_THAT(facts, Not(Contains(Key("os.l4t"))));
  EXPECT_THAT(facts, Not(Contains(Key("temperature_c.hot"))));
  EXPECT_THAT(facts, Not(Contains(Key("governor.cpu0"))));
  for (const auto& [key, value] : facts) {
    EXPECT_LE(value.size(), 200u) << key;
    for (const char c : value) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << key;
  }
}

TEST(MachineFacts, ZonesOfTheSameTypeAreToldApart) {
  TemporaryTree tree;
  for (const char* n : {"0", "1"}) {
    const std::string zone = std::string{"/sys/class/thermal/thermal_zone"} + n;
    tree.put(zone + "/type", "acpitz\n");
    tree.put(zone + "/temp", std::string{"4"} + n + "000\n");
  }
  const auto facts = gather_circumstances(tree.machine());
  EXPECT_THAT(facts, Contains(Pair("temperature_c.acpitz", "40.0")));
  EXPECT_THAT(facts, Contains(Pair("temperature_c.acpitz.1", "41.0")));
}

TEST(MachineFacts, GuestOfAHypervisorIsRecognised) {
  TemporaryTree tree;
  tree.put("/proc/cpuinfo", "processor\t: 0\nmodel name\t: QEMU\nflags\t\t: fpu tsc hypervisor lahf_lm\n");
  EXPECT_THAT(gather_circumstances(tree.machine()), Contains(Pair("virtual_machine", "yes")));
}

}  // namespace
}  // namespace layerwatt
