// SPDX-License-Identifier: Apache-2.0
// What stands in the way of a good measurement on this machine, and what to do about it. Judges; changes
// nothing. Sources as in machine_facts.cpp, and Documentation/driver-api/thermal/sysfs-api.rst.
#include <algorithm>
#include <cstdio>

#include "boards/board.h"
#include "core/joined.h"
#include "sensors/sensor.h"
#include "session/expectation.h"
#include "session/machine_facts.h"
#include "session/sensor_choice.h"
#include "session/surroundings.h"

namespace layerwatt {

namespace {

using std::filesystem::path;
using Facts = std::map<std::string, std::string>;
using Findings = std::vector<Finding>;

// Above this much other work both power and latency of the network are no longer its own.
constexpr double much_load = 0.3;

// Three digits: "54 ms", "0.84 ms", "140 us".
std::string spelled(Nanoseconds time) {
  char text[32];
  const double us = seconds(time) * 1e6;
  std::snprintf(text, sizeof text, us < 500 ? "%.3g us" : "%.3g ms", us < 500 ? us : us / 1e3);
  return text;
}

std::string spelled(Watts power) {
  char text[32];
  std::snprintf(text, sizeof text, power.value() < 1 ? "%.3g mW" : "%.3g W",
                power.value() < 1 ? power.value() * 1e3 : power.value());
  return text;
}

// How one INA3221 reads, where --sensor-mode best would read faster; empty where it would not.
std::string slow_mode(const Channel& channel, bool continuous) {
  constexpr Nanoseconds fastest = std::chrono::microseconds{140};
  if (channel.averaging && *channel.averaging > 1) {
    std::string text = "averaged over " + std::to_string(*channel.averaging) + " conversions";
    if (const auto memory = time_constant_of(channel)) text += " (" + spelled(*memory) + ")";
    return text;
  }
  if (channel.averaging && channel.aperture && *channel.aperture > fastest)
    return "converted in " + spelled(*channel.aperture);
  if (!channel.averaging && continuous) return "averaged over as many conversions as the device tree says";
  return "";
}

void judge_mode(const std::string& driver, const Sensor& sensor, const std::vector<Channel>& channels,
                Findings& findings) {
  if (driver != "ina3221" || channels.empty()) return;
  const auto mode = sensor.mode();
  const auto running = mode.find("running_mode");
  std::vector<std::string> rails;
  std::string slow;
  for (const Channel& channel : channels) {
    slow = slow_mode(channel, running != mode.end() && running->second == "continuous");
    rails.push_back(channel.rail);
  }
  if (slow.empty()) return;
  findings.push_back(
      {Severity::warning, "mode of " + driver + " " + sensor.device(),
       joined(rails) + (rails.size() > 1 ? " are " : " is ") + slow +
           "; --sensor-mode best would read single conversions of 140 us",
       "as root: layerwatt profile MODEL --sensor-mode best, which puts it back afterwards; the chip's "
       "over-current alarms may pause meanwhile"});
}

// How fast, how finely and how long: of the sensor's total, or its first rail.
void judge_resolution(const std::string& sensor, const std::vector<Channel>& channels, Findings& findings) {
  if (channels.empty()) return;
  const auto total =
      std::find_if(channels.begin(), channels.end(), [](const Channel& channel) { return channel.is_total; });
  const Channel& best = total != channels.end() ? *total : channels.front();
  std::string text = best.rail;
  if (best.refresh) text += ": new every " + spelled(*best.refresh);
  if (!best.refresh && best.aperture) text += ": each read converts anew, for " + spelled(*best.aperture);
  if (best.quantum) text += ", in steps of " + spelled(*best.quantum);
  if (const auto expected = expectation_for(best)) text += ". " + describe(*expected);
  if (text == best.rail) return;
  findings.push_back({Severity::ok, "resolution of " + sensor, text, ""});
}

void judge_sensors(const Machine& machine, Findings& findings) {
  const std::optional<Board> board = recognise_board(machine);
  bool measured = false;
  for (const SensorDriver* driver : sensor_drivers()) {
    const Found found = driver->probe(machine, {});
    const bool by_itself = is_chosen_by_itself(*driver);
    for (const auto& sensor : found.sensors) {
      if (driver->origin != Origin::measured) continue;
      measured = measured || by_itself;
      std::vector<std::string> rails;
      for (const Channel& channel : sensor->channels()) rails.push_back(channel.rail);
      const std::string name{driver->name};
      findings.push_back({Severity::ok, name + " " + sensor->device(),
                          joined(rails) + (by_itself ? "" : "; read only with --sensor " + name), ""});
      const std::vector<Channel> channels =
          with_board_facts(board, name, sensor->device(), sensor->mode(), sensor->channels());
      judge_resolution(name + " " + sensor->device(), channels, findings);
      judge_mode(name, *sensor, channels, findings);
    }
    // What needs no remedy (a channel that is not connected) is as it should be.
    for (const Skipped& skipped : found.skipped)
      findings.push_back({skipped.remedy.empty() ? Severity::ok : Severity::warning, skipped.what,
                          skipped.why, skipped.remedy});
  }
  // It runs with rights of its own where sysfs shows users nothing.
  if (!measured && machine.exists("/usr/bin/tegrastats"))
    findings.push_back({Severity::ok, "tegrastats",
                        "is here; with --sensor tegrastats the board's rails are read through it, for whole "
                        "runs",
                        ""});
  if (!measured)
    findings.push_back(
        {Severity::problem, "power sensors", "this machine has none of its CPU or board that can be read",
         "energy can only be estimated from CPU time, or simulated; docs/sensors.md lists what can be read"});
}

// The clock can move when its limits differ, unless the governor holds one.
bool is_fixed(const std::string& governor, const Result<long long>& low, const Result<long long>& high) {
  if (governor == "performance" || governor == "userspace") return true;
  return low && high && *low == *high;
}

void judge_clocks(const Machine& machine, Findings& findings) {
  const std::string remedy = machine.exists("/etc/nv_tegra_release")
                                 ? "sudo jetson_clocks"
                                 : "sudo cpupower frequency-set -g performance";
  std::vector<std::string> fixed, moving;
  const auto judge = [&](const std::string& name, const path& governor_file, const path& low,
                         const path& high) {
    const auto governor = machine.read(governor_file);
    if (!governor) return;
    const bool holds = is_fixed(*governor, machine.read_integer(low), machine.read_integer(high));
    (holds ? fixed : moving).push_back(name + " (" + governor->substr(0, 40) + ")");
  };
  for (const path& policy : machine.list("/sys/devices/system/cpu/cpufreq"))
    if (const std::string name = policy.filename().string(); name.rfind("policy", 0) == 0)
      judge("cpu" + name.substr(6), policy / "scaling_governor", policy / "scaling_min_freq",
            policy / "scaling_max_freq");
  for (const path& device : machine.list("/sys/class/devfreq"))
    judge(device.filename().string(), device / "governor", device / "min_freq", device / "max_freq");
  if (!moving.empty())
    findings.push_back(
        {Severity::warning, "clocks", "may change while we measure: " + joined(moving), remedy});
  else if (!fixed.empty())
    findings.push_back({Severity::ok, "clocks", "are held: " + joined(fixed), ""});
  else
    findings.push_back(
        {Severity::warning, "clocks", "the kernel shows none: they may change unseen",
         "measure outside a virtual machine, or take the differences between runs as a warning"});
}

// Cooling devices that slow a processor down, by the kernel's names for them.
bool slows_down(const std::string& type) {
  for (const char* name : {"cpufreq", "devfreq", "Processor", "throttle"})
    if (type.find(name) != std::string::npos) return true;
  return false;
}

void judge_throttling(const Machine& machine, Findings& findings) {
  std::vector<std::string> active;
  for (const path& device : machine.list("/sys/class/thermal")) {
    if (device.filename().string().rfind("cooling_device", 0) != 0) continue;
    const auto type = machine.read(device / "type");
    const auto state = machine.read_integer(device / "cur_state");
    if (type && state && *state > 0 && slows_down(*type)) active.push_back(type->substr(0, 40));
  }
  // Over-current events of the Tegra power controller: JetPack 5 and later.
  for (const path& device : machine.list("/sys/class/hwmon"))
    for (const path& file : machine.list(device)) {
      const std::string name = file.filename().string();
      if (name.rfind("oc", 0) != 0 || name.find("_event_cnt") == std::string::npos) continue;
      if (const auto count = machine.read_integer(file); count && *count > 0)
        findings.push_back({Severity::warning, "over-current",
                            name + " counts " + std::to_string(*count) + " events since the start",
                            "use a stronger supply or a lower power mode"});
    }
  if (!active.empty())
    findings.push_back({Severity::warning, "throttling",
                        "the machine slows itself down now: " + joined(active),
                        "let it cool, or run its fan"});
}

void judge_load(const Machine& machine, Findings& findings) {
  const auto text = machine.read("/proc/loadavg");
  double load = 0;
  if (!text || std::sscanf(text->c_str(), "%lf", &load) != 1 || !(load >= 0)) return;
  const std::string why = "load of the last minute: " + text->substr(0, text->find(' '));
  if (load > much_load)
    findings.push_back(
        {Severity::warning, "other load", why, "stop what else runs; its power counts as the network's"});
  else
    findings.push_back({Severity::ok, "other load", why, ""});
}

void judge_surroundings(const Machine& machine, Findings& findings) {
  const Surroundings around = look_around(machine);
  const auto warn = [&](const char* what, const std::vector<std::string>& which, const char* why,
                        const char* remedy) {
    if (!which.empty()) findings.push_back({Severity::warning, what, joined(which) + why, remedy});
  };
  std::vector<std::string> busy;
  for (const BusyProcess& process : around.busy) {
    char text[80];
    std::snprintf(text, sizeof text, "%s (%.1f processors)", process.name.c_str(), process.processors);
    busy.emplace_back(text);
  }
  warn("busy processes", busy, " so far; their power counts as the network's", "stop them while you measure");
  warn("desktop", around.desktop, ": draws on the GPU and the processors when it likes",
       "sudo systemctl isolate multi-user.target");
  warn("display", around.displays, " is connected: its link draws power, and a desktop may come with it",
       "unplug it, and work over ssh");
  warn("USB devices", around.usb_devices, ": draw power on rails that are measured",
       "unplug what the measurement does not need");
  warn("wireless link", around.wireless, " is up: its power comes and goes with traffic",
       "sudo rfkill block wifi, if you are not connected by it");
  if (!around.wired.empty())
    findings.push_back({Severity::ok, "wired link",
                        joined(around.wired) + " is up; Holly 2020 switched it off while measuring the Nano",
                        ""});
}

// Of the builds that npm and pip carry; `objdump -T` of ONNX Runtime 1.25 says GLIBC_2.28. JetPack 4
// has 2.27.
void judge_engine(const Facts& facts, Findings& findings) {
  const auto glibc = facts.find("glibc");
  int major = 0, minor = 0;
  if (glibc == facts.end() || std::sscanf(glibc->second.c_str(), "%5d.%5d", &major, &minor) != 2) return;
  if (major > 2 || (major == 2 && minor >= 28)) return;
  findings.push_back({Severity::warning, "ONNX Runtime",
                      "needs glibc 2.28; here is " + glibc->second + ", so no network can be run",
                      "JetPack 5 or later; sensors can be read and runs of others be analysed here"});
}

void judge_machine(const Facts& facts, Findings& findings) {
  if (facts.count("virtual_machine") != 0)
    findings.push_back({Severity::warning, "virtual machine",
                        "others may share its processor and its sensors", "measure on the machine itself"});
}

}  // namespace

Findings doctor_findings(const Machine& machine) {
  Findings findings;
  judge_sensors(machine, findings);
  judge_clocks(machine, findings);
  judge_throttling(machine, findings);
  judge_load(machine, findings);
  judge_surroundings(machine, findings);
  const Facts facts = gather_circumstances(machine);
  judge_engine(facts, findings);
  judge_machine(facts, findings);
  return findings;
}

const char* name_of(Severity severity) {
  switch (severity) {
    case Severity::ok: return "ok";
    case Severity::warning: return "warning";
    case Severity::problem: return "problem";
  }
  return "unknown";
}

}  // namespace layerwatt
