// SPDX-License-Identifier: Apache-2.0
// The circumstances of a run, from files; see machine_facts.h. Sources: proc(5), os-release(5), the kernel's
// Documentation/admin-guide/pm/cpufreq.rst, ABI/testing/sysfs-class-devfreq and sysfs-class-thermal, NVIDIA's
// /etc/nv_tegra_release and /var/lib/nvpmodel/status.
#include "session/machine_facts.h"

#include <array>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include "boards/board.h"
#include "core/joined.h"
#include "session/surroundings.h"

namespace layerwatt {

namespace {

using std::filesystem::path;
using Facts = std::map<std::string, std::string>;

// A value for a run file and a terminal: one line, printable, not endless.
std::string cleaned(const std::string& text) {
  std::string clean;
  for (const char c : text.substr(0, 200))
    clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  const auto first = clean.find_first_not_of(' ');
  const auto last = clean.find_last_not_of(' ');
  return first == std::string::npos ? std::string{} : clean.substr(first, last - first + 1);
}

void add(Facts& facts, const std::string& key, const std::string& value) {
  const std::string clean = cleaned(value);
  if (!clean.empty()) facts[cleaned(key)] = clean;
}

void add_file(const Machine& machine, Facts& facts, const std::string& key, const path& file) {
  if (const auto text = machine.read(file)) add(facts, key, *text);
}

// What stands behind `key` and a separator in a file of such lines.
std::optional<std::string> value_of(const std::string& text, const std::string& key, char separator) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find(separator);
    if (at == std::string::npos || cleaned(line.substr(0, at)) != key) continue;
    std::string value = cleaned(line.substr(at + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return value;
  }
  return std::nullopt;
}

// "# R32 (release), REVISION: 7.1, GCID: ..." -> "32.7.1"
std::optional<std::string> l4t_release(const std::string& text) {
  int major = 0, minor = 0, patch = 0;
  if (std::sscanf(text.c_str(), "# R%5d (release), REVISION: %5d.%5d", &major, &minor, &patch) != 3)
    return std::nullopt;
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

// Packages whose versions change what a network costs: the name, up to digits at its end, and the key.
struct LibraryPackage {
  std::string_view name;
  const char* key;
};
constexpr std::array<LibraryPackage, 8> library_packages{{{"nvidia-jetpack", "os.jetpack"},
                                                          {"libc", "glibc"},
                                                          {"cuda-cudart-", "cuda"},
                                                          {"libcudnn", "cudnn"},
                                                          {"libnvinfer", "tensorrt"},
                                                          {"libopenblas", "blas.openblas"},
                                                          {"libblis", "blas.blis"},
                                                          {"libmkl-rt", "blas.mkl"}}};

const char* key_of_package(std::string_view name) {
  while (!name.empty() && (std::isdigit(static_cast<unsigned char>(name.back())) != 0 || name.back() == '-'))
    name.remove_suffix(1);
  for (const LibraryPackage& package : library_packages) {
    std::string_view wanted = package.name;
    if (wanted.back() == '-') wanted.remove_suffix(1);
    if (name == wanted) return package.key;
  }
  return nullptr;
}

// From dpkg's list of what is installed, which can have some megabytes.
void add_libraries(const Machine& machine, Facts& facts) {
  std::ifstream file{machine.locate("/var/lib/dpkg/status")};
  const char* key = nullptr;
  bool installed = false;
  std::size_t lines = 0;
  for (std::string line; lines < 1'000'000 && std::getline(file, line); ++lines) {
    if (line.rfind("Package: ", 0) == 0) {
      key = key_of_package(std::string_view{line}.substr(9));
      installed = true;
    }
    if (line.rfind("Status: ", 0) == 0) installed = line.find(" installed") != std::string::npos;
    if (key != nullptr && installed && line.rfind("Version: ", 0) == 0) add(facts, key, line.substr(9));
  }
}

void add_system(const Machine& machine, Facts& facts) {
  if (const auto board = recognise_board(machine)) {
    add(facts, "board", board->name);
    add(facts, "board.id", board->id);
  }
  add_file(machine, facts, "board.model", "/proc/device-tree/model");
  const auto vendor = machine.read("/sys/class/dmi/id/sys_vendor");
  const auto product = machine.read("/sys/class/dmi/id/product_name");
  if (vendor && product) add(facts, "hardware", *vendor + " " + *product);
  if (const auto release = machine.read("/etc/os-release"))
    add(facts, "os", value_of(*release, "PRETTY_NAME", '=').value_or(""));
  if (const auto tegra = machine.read("/etc/nv_tegra_release"))
    add(facts, "os.l4t", l4t_release(*tegra).value_or(""));
  add_libraries(machine, facts);
  add_file(machine, facts, "kernel", "/proc/sys/kernel/osrelease");
  add_file(machine, facts, "power_mode", "/var/lib/nvpmodel/status");
}

void add_processor(const Machine& machine, Facts& facts) {
  add_file(machine, facts, "cpu.online", "/sys/devices/system/cpu/online");
  if (const auto load = machine.read("/proc/loadavg"))
    add(facts, "load.1min", load->substr(0, load->find(' ')));
  const auto cpuinfo = machine.read("/proc/cpuinfo");
  if (!cpuinfo) return;
  add(facts, "cpu.model", value_of(*cpuinfo, "model name", ':').value_or(""));
  if (cpuinfo->find(" hypervisor") != std::string::npos || machine.exists("/sys/hypervisor/type"))
    facts["virtual_machine"] = "yes";
}

void add_clocks(const Machine& machine, Facts& facts) {
  for (const path& policy : machine.list("/sys/devices/system/cpu/cpufreq")) {
    const std::string name = policy.filename().string();
    if (name.rfind("policy", 0) != 0) continue;
    const std::string cpu = "cpu" + name.substr(6);
    add_file(machine, facts, "governor." + cpu, policy / "scaling_governor");
    add_file(machine, facts, "clock_khz." + cpu + ".now", policy / "scaling_cur_freq");
    add_file(machine, facts, "clock_khz." + cpu + ".minimum", policy / "scaling_min_freq");
    add_file(machine, facts, "clock_khz." + cpu + ".maximum", policy / "scaling_max_freq");
  }
  for (const path& device : machine.list("/sys/class/devfreq")) {
    const std::string name = device.filename().string();
    add_file(machine, facts, "governor." + name, device / "governor");
    add_file(machine, facts, "clock_hz." + name + ".now", device / "cur_freq");
    add_file(machine, facts, "clock_hz." + name + ".minimum", device / "min_freq");
    add_file(machine, facts, "clock_hz." + name + ".maximum", device / "max_freq");
  }
}

void add_temperatures(const Machine& machine, Facts& facts) {
  for (const path& zone : machine.list("/sys/class/thermal")) {
    if (zone.filename().string().rfind("thermal_zone", 0) != 0) continue;
    const auto type = machine.read(zone / "type");
    const auto millidegrees = machine.read_integer(zone / "temp");
    // Zones that are off answer with an error or with values no chip survives.
    if (!type || !millidegrees || *millidegrees < -60'000 || *millidegrees > 200'000) continue;
    std::string key = "temperature_c." + *type;
    if (facts.count(cleaned(key)) != 0) key += "." + zone.filename().string().substr(12);
    char celsius[16];
    std::snprintf(celsius, sizeof celsius, "%.1f", static_cast<double>(*millidegrees) * 1e-3);
    add(facts, key, celsius);
  }
}

void add_surroundings(const Machine& machine, Facts& facts) {
  const Surroundings around = look_around(machine);
  add(facts, "displays", joined(around.displays));
  add(facts, "usb_devices", joined(around.usb_devices));
  add(facts, "links.wired", joined(around.wired));
  add(facts, "links.wireless", joined(around.wireless));
  add(facts, "desktop", joined(around.desktop));
  std::vector<std::string> busy;
  for (const BusyProcess& process : around.busy) busy.push_back(process.name);
  add(facts, "busy_processes", joined(busy));
}

}  // namespace

Facts gather_circumstances(const Machine& machine) {
  Facts facts;
  add_system(machine, facts);
  add_processor(machine, facts);
  add_clocks(machine, facts);
  add_temperatures(machine, facts);
  add_surroundings(machine, facts);
  return facts;
}

}  // namespace layerwatt
