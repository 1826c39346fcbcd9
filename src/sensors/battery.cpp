// SPDX-License-Identifier: Apache-2.0
// The machine's own battery, through Linux' power_supply class: what all of the machine draws while it is
// unplugged, seen by a slow gauge. For whole runs of minutes; it knows nothing of layers, and is read only
// when asked for. Not batteries of mice and keyboards.
//
// Facts: Linux, Documentation/ABI/testing/sysfs-class-power (microwatts, microvolts, microamperes; whether
// discharging is below or above zero differs between drivers, `status` tells) and drivers/acpi/battery.c
// (reads the gauge again after cache_time, 1 s unless set).
#include <array>
#include <cmath>

#include "sensors/sensor.h"
#include "sensors/sysfs_quantity.h"

namespace layerwatt {

namespace {

using namespace std::chrono_literals;
using std::filesystem::path;

constexpr long long largest_microvolts = 1'000'000'000;    // 1 kV
constexpr long long largest_microamperes = 1'000'000'000;  // 1 kA

// Either power, or voltage and current.
struct Files {
  HeldFile status;
  std::optional<HeldFile> power, volts, amperes;
};

// Only a battery that discharges carries the machine.
Result<void> check_discharging(const HeldFile& status) {
  std::array<char, 32> buffer{};
  const auto text = status.read(buffer);
  if (!text) return text.error();
  if (*text == "Discharging") return {};
  const bool known = *text == "Charging" || *text == "Full" || *text == "Not charging";
  if (known)
    return Error{
        Errc::unsupported, status.path(),
        "\"" + std::string{*text} + "\": the machine is fed from elsewhere, the battery sees nothing of it"};
  return Error{Errc::unsupported, status.path(), "does not say that the battery discharges"};
}

Result<long long> read_within(const HeldFile& file, long long largest) {
  auto value = file.read_integer();
  if (value && (*value < -largest || *value > largest))
    return Error{Errc::malformed, file.path(), "out of range: no battery of a machine gives that"};
  return value;
}

// Its sign differs between drivers: what `status` says goes.
Result<Watts> read_power(const Files& files) {
  if (const auto discharging = check_discharging(files.status); !discharging) return discharging.error();
  if (files.power) {
    const auto microwatts = files.power->read_integer();
    if (!microwatts) return microwatts.error();
    const auto power = sysfs::watts_from_microwatts(*microwatts, files.power->path());
    if (!power) return power.error();
    return Watts{std::abs(power->value())};
  }
  const auto microvolts = read_within(*files.volts, largest_microvolts);
  if (!microvolts) return microvolts.error();
  const auto microamperes = read_within(*files.amperes, largest_microamperes);
  if (!microamperes) return microamperes.error();
  const Watts power =
      Volts{static_cast<double>(*microvolts) * 1e-6} * Amperes{static_cast<double>(*microamperes) * 1e-6};
  return Watts{std::abs(power.value())};
}

class Battery final : public Sensor {
 public:
  Battery(Files files, Channel channel, std::map<std::string, std::string> mode)
      : files_{std::move(files)}, channel_{std::move(channel)}, mode_{std::move(mode)} {}
  [[nodiscard]] std::string device() const override { return channel_.rail; }
  [[nodiscard]] std::span<const Channel> channels() const override { return {&channel_, 1}; }
  [[nodiscard]] std::map<std::string, std::string> mode() const override { return mode_; }
  Result<Value> read(std::size_t) override {
    const auto power = read_power(files_);
    if (!power) return power.error();
    return Value{*power};
  }

 private:
  Files files_;
  Channel channel_;
  std::map<std::string, std::string> mode_;
};

Result<Files> open_files(const Machine& machine, const path& directory) {
  auto status = machine.hold(directory / "status");
  if (!status) return status.error();
  Files files{std::move(*status), {}, {}, {}};
  if (machine.exists(directory / "power_now")) {
    auto power = machine.hold(directory / "power_now");
    if (!power) return power.error();
    files.power.emplace(std::move(*power));
    return files;
  }
  auto volts = machine.hold(directory / "voltage_now");
  if (!volts) return volts.error();
  auto amperes = machine.hold(directory / "current_now");
  if (!amperes) return amperes.error();
  files.volts.emplace(std::move(*volts));
  files.amperes.emplace(std::move(*amperes));
  return files;
}

// No gauge is known to be faster than ACPI's driver asks it. A time too short would let readings a moment
// apart pass for new ones.
Nanoseconds refresh_of(const Machine& machine, std::map<std::string, std::string>& mode) {
  const auto cached = machine.read_integer("/sys/module/battery/parameters/cache_time");
  const bool longer = cached && *cached > 1000 && *cached <= 3'600'000;
  mode["refresh"] = longer ? "read again after " + std::to_string(*cached) + " ms (ACPI)"
                           : "not known; taken for 1 s, gauges are slower";
  return longer ? Nanoseconds{std::chrono::milliseconds{*cached}} : Nanoseconds{1s};
}

bool is_machines_battery(const Machine& machine, const path& directory) {
  if (machine.read(directory / "type").value_or(std::string{}) != "Battery") return false;
  if (machine.read(directory / "scope").value_or(std::string{}) == "Device") return false;
  return machine.read_integer(directory / "present").value_or(1) != 0;
}

Skipped skipped(const std::string& what, const Error& error) {
  Skipped reason = sysfs::skipped(what, error);
  if (error.code == Errc::unsupported) reason.remedy = "unplug the machine to measure with its battery";
  return reason;
}

Found probe(const Machine& machine, const Workload&) {
  Found found;
  for (const path& directory : machine.list("/sys/class/power_supply")) {
    const std::string name = directory.filename().string();
    if (!sysfs::is_label(name) || !is_machines_battery(machine, directory)) continue;
    auto files = open_files(machine, directory);
    if (!files) {
      found.skipped.push_back(skipped("battery " + name, files.error()));
      continue;
    }
    const auto first = read_power(*files);
    if (!first && !sysfs::passes(first.error())) {
      found.skipped.push_back(skipped("battery " + name, first.error()));
      continue;
    }
    std::map<std::string, std::string> mode{
        {"power", files->power ? "power_now" : "voltage_now x current_now"}};
    Channel channel;
    channel.rail = name;
    channel.refresh = refresh_of(machine, mode);
    found.sensors.push_back(
        std::make_unique<Battery>(std::move(*files), std::move(channel), std::move(mode)));
  }
  return found;
}

}  // namespace

extern const SensorDriver battery_driver;
const SensorDriver battery_driver{"battery", "the machine's battery while unplugged: whole runs only",
                                  Origin::measured, probe};

}  // namespace layerwatt
