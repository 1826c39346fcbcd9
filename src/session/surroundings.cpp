// SPDX-License-Identifier: Apache-2.0
// Sources: the kernel's ABI/testing/sysfs-class-net, ABI/stable/sysfs-bus-usb and sysfs-class-drm; proc(5),
// /proc/PID/stat. That links and devices count is Holly 2020, section III: all peripherals but Ethernet were
// unplugged, and Ethernet was switched off once a measurement ran.
#include "session/surroundings.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <sstream>

namespace layerwatt {

namespace {

using std::filesystem::path;

constexpr double busy_from = 0.2;  // of a processor, over a process's life
constexpr std::size_t most_busy = 5;
constexpr double youngest_s = 2;     // younger ones have no mean worth telling
constexpr double ticks_per_s = 100;  // USER_HZ: what /proc shows, on all Linux since 2.6
constexpr std::size_t most_processes = 20'000;

// A word for a terminal and a run file.
std::string clean(const std::string& text) {
  std::string kept;
  for (const char c : text.substr(0, 40))
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) kept += c;
  return kept;
}

std::vector<std::string> displays(const Machine& machine) {
  std::vector<std::string> found;
  for (const path& connector : machine.list("/sys/class/drm"))
    if (machine.read(connector / "status").value_or(std::string{}) == "connected")
      found.push_back(clean(connector.filename().string()));
  return found;
}

bool is_hub(const Machine& machine, const path& device) {
  return machine.read(device / "bDeviceClass").value_or(std::string{}) == "09";
}

std::vector<std::string> usb_devices(const Machine& machine) {
  std::vector<std::string> found;
  for (const path& device : machine.list("/sys/bus/usb/devices")) {
    const auto vendor = machine.read(device / "idVendor"), product = machine.read(device / "idProduct");
    if (!vendor || !product || is_hub(machine, device)) continue;
    const std::string name = machine.read(device / "product").value_or(std::string{});
    found.push_back(clean(*vendor) + ":" + clean(*product) + (name.empty() ? "" : " " + clean(name)));
  }
  return found;
}

void look_at_links(const Machine& machine, Surroundings& around) {
  for (const path& link : machine.list("/sys/class/net")) {
    // Those without a device are made of software: loopback, bridges, tunnels.
    if (!machine.exists(link / "device")) continue;
    if (machine.read(link / "operstate").value_or(std::string{}) != "up") continue;
    const bool by_radio = machine.exists(link / "wireless") || machine.exists(link / "phy80211");
    (by_radio ? around.wireless : around.wired).push_back(clean(link.filename().string()));
  }
}

bool is_of_a_desktop(const std::string& name) {
  static constexpr std::array<const char*, 9> known{"Xorg",         "Xwayland", "gnome-shell",
                                                    "kwin_wayland", "kwin_x11", "plasmashell",
                                                    "weston",       "xfwm4",    "compiz"};
  return std::find(known.begin(), known.end(), name) != known.end();
}

struct ProcessTimes {
  std::string name, parent;
  double spent_s = 0, started_s = 0;
};

// The name stands in parentheses and may hold any of them; fields count from behind the last.
std::optional<ProcessTimes> parse_stat(const std::string& text) {
  const auto open = text.find('('), close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  ProcessTimes times{clean(text.substr(open + 1, close - open - 1)), "", 0, 0};
  std::istringstream fields{text.substr(close + 1)};
  std::string field;
  for (int number = 3; number <= 22; ++number) {
    if (!(fields >> field)) return std::nullopt;
    if (number == 4) times.parent = field;
    if (number != 14 && number != 15 && number != 22) continue;
    const auto ticks = parse_integer(field, "stat");
    if (!ticks || *ticks < 0) return std::nullopt;
    const double s = static_cast<double>(*ticks) / ticks_per_s;
    (number == 22 ? times.started_s : times.spent_s) += s;
  }
  return times;
}

bool is_number(const std::string& name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

void look_at_processes(const Machine& machine, Surroundings& around) {
  double uptime = 0;
  if (const auto text = machine.read("/proc/uptime")) std::istringstream{*text} >> uptime;
  const std::string self = machine.is_recorded() ? "" : std::to_string(getpid());
  std::size_t seen = 0;
  for (const path& process : machine.list("/proc")) {
    const std::string id = process.filename().string();
    if (!is_number(id) || id == self || ++seen > most_processes) continue;
    const auto text = machine.read(process / "stat");
    const auto times = text ? parse_stat(*text) : std::nullopt;
    if (!times || times->parent == self) continue;
    if (is_of_a_desktop(times->name)) around.desktop.push_back(times->name);
    const double lived = uptime - times->started_s;
    if (lived < youngest_s || times->spent_s < busy_from * lived) continue;
    around.busy.push_back({times->name, times->spent_s / lived});
  }
  std::sort(around.busy.begin(), around.busy.end(),
            [](const BusyProcess& a, const BusyProcess& b) { return a.processors > b.processors; });
  if (around.busy.size() > most_busy) around.busy.resize(most_busy);
  std::sort(around.desktop.begin(), around.desktop.end());
  around.desktop.erase(std::unique(around.desktop.begin(), around.desktop.end()), around.desktop.end());
}

}  // namespace

Surroundings look_around(const Machine& machine) {
  Surroundings around;
  around.displays = displays(machine);
  around.usb_devices = usb_devices(machine);
  look_at_links(machine, around);
  look_at_processes(machine, around);
  return around;
}

}  // namespace layerwatt
