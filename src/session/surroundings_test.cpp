// SPDX-License-Identifier: Apache-2.0
#include "session/surroundings.h"

#include <gmock/gmock.h>

#include "core/temporary_tree.h"

namespace layerwatt {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// As Linux writes it: 52 fields, of which these count: user and system time, start, in ticks of 10 ms.
std::string stat_of(const std::string& name, int user, int system, int started) {
  return "7 (" + name + ") S 1 7 7 0 -1 4194560 100 0 0 0 " + std::to_string(user) + " " +
         std::to_string(system) + " 0 0 20 0 1 0 " + std::to_string(started) +
         " 1000000 500 18446744073709551615 0 0 0\n";
}

TEST(Surroundings, DisplaysCountWhenConnected) {
  const TemporaryTree tree;
  tree.put("/sys/class/drm/card0-HDMI-A-1/status", "connected\n");
  tree.put("/sys/class/drm/card0-DP-1/status", "disconnected\n");
  tree.put("/sys/class/drm/version", "drm 1.1.0\n");
  EXPECT_THAT(look_around(tree.machine()).displays, ElementsAre("card0-HDMI-A-1"));
}

TEST(Surroundings, HubsAreNoDevicesOfTheirOwn) {
  const TemporaryTree tree;
  tree.put("/sys/bus/usb/devices/usb1/bDeviceClass", "09\n");
  tree.put("/sys/bus/usb/devices/usb1/idVendor", "1d6b\n");
  tree.put("/sys/bus/usb/devices/usb1/idProduct", "0002\n");
  tree.put("/sys/bus/usb/devices/1-2/bDeviceClass", "00\n");
  tree.put("/sys/bus/usb/devices/1-2/idVendor", "046d\n");
  tree.put("/sys/bus/usb/devices/1-2/idProduct", "c52b\n");
  tree.put("/sys/bus/usb/devices/1-2/product", "USB\x1b[31m Receiver\n");
  tree.put("/sys/bus/usb/devices/1-2:1.0/bInterfaceClass", "03\n");
  EXPECT_THAT(look_around(tree.machine()).usb_devices, ElementsAre("046d:c52b USB[31m Receiver"));
}

TEST(Surroundings, LinksCountWhenTheyAreUpAndHaveADevice) {
  const TemporaryTree tree;
  for (const char* link : {"eth0", "wlan0", "eth1"}) {
    tree.put("/sys/class/net/" + std::string{link} + "/operstate",
             link == std::string{"eth1"} ? "down\n" : "up\n");
    tree.put("/sys/class/net/" + std::string{link} + "/device/uevent", "");
  }
  tree.put("/sys/class/net/wlan0/phy80211/name", "phy0\n");
  tree.put("/sys/class/net/docker0/operstate", "up\n");
  const Surroundings around = look_around(tree.machine());
  EXPECT_THAT(around.wired, ElementsAre("eth0"));
  EXPECT_THAT(around.wireless, ElementsAre("wlan0"));
}

TEST(Surroundings, ProcessesAreBusyByTheirMeanOverTheirLife) {
  const TemporaryTree tree;
  tree.put("/proc/uptime", "1000.00 1900.00\n");
  tree.put("/proc/10/stat", stat_of("trainer", 70'000, 20'000, 10'000));  // 900 s of 900 s
  tree.put("/proc/11/stat", stat_of("a) (b", 20'000, 0, 40'000));         // 200 s of 600 s
  tree.put("/proc/12/stat", stat_of("sshd", 100, 100, 0));
  tree.put("/proc/13/stat", stat_of("newborn", 99, 0, 99'900));  // 0.99 s of 1 s
  tree.put("/proc/14/stat", stat_of("Xorg", 0, 0, 0));
  tree.put("/proc/15/stat", "garbage");
  tree.put("/proc/16/stat", "16 (short) S 1");
  const Surroundings around = look_around(tree.machine());
  ASSERT_THAT(around.busy, SizeIs(2));
  EXPECT_EQ(around.busy[0].name, "trainer");
  EXPECT_DOUBLE_EQ(around.busy[0].processors, 1);
  EXPECT_EQ(around.busy[1].name, "a) (b");
  EXPECT_NEAR(around.busy[1].processors, 1.0 / 3, 1e-12);
  EXPECT_THAT(around.desktop, ElementsAre("Xorg"));
}

TEST(Surroundings, AnEmptyMachineHasNone) {
  const TemporaryTree tree;
  const Surroundings around = look_around(tree.machine());
  EXPECT_THAT(around.displays, IsEmpty());
  EXPECT_THAT(around.busy, IsEmpty());
  EXPECT_THAT(around.wired, IsEmpty());
}

}  // namespace
}  // namespace layerwatt
