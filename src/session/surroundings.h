// SPDX-License-Identifier: Apache-2.0
// What else on the machine draws power while a network is measured: displays, USB devices, network links, a
// desktop, busy processes. Reads files of the Machine and nothing else.
#pragma once
#include <string>
#include <vector>

#include "core/machine.h"

namespace layerwatt {

struct BusyProcess {
  std::string name;
  double processors = 0;  // mean over its life: 1 = one of them all the time
};

struct Surroundings {
  std::vector<std::string> displays;         // connectors with one: "card0-HDMI-A-1"
  std::vector<std::string> usb_devices;      // without hubs: "046d:c52b USB Receiver"
  std::vector<std::string> wired, wireless;  // links that are up: "eth0"
  std::vector<std::string> desktop;          // processes of a desktop: "gnome-shell"
  std::vector<BusyProcess> busy;  // without us and what we started, the busiest first, at most five
};

Surroundings look_around(const Machine& machine);

}  // namespace layerwatt
