// SPDX-License-Identifier: Apache-2.0
// TI INA3221, the three-rail monitor on Jetson boards, through either driver: Linux' hwmon driver "ina3221"
// (drivers/hwmon/ina3221.c; JetPack 5 and later) and NVIDIA's IIO driver "ina3221x" (L4T 3.10 to 4.9,
// drivers/staging/iio/meter/ina3221.c). Reads how the chip is set and never writes it.

#include "sensors/ina3221_chip.h"
#include "sensors/sensor.h"
#include "sensors/sysfs_quantity.h"

namespace layerwatt {

namespace {

using std::filesystem::path;
using Mode = std::map<std::string, std::string>;

// One rail's files, held open. The IIO driver gives power of one conversion; the hwmon driver has no such
// file, and power is the product of two reads: shunt and bus come from neighbouring conversions.
struct RailFiles {
  std::optional<HeldFile> power, volts, amperes;
};

struct Rail {
  Channel channel;
  RailFiles files;
};

struct Chip {
  std::string device;
  Mode mode;
  std::vector<Rail> rails;
};

// Where a driver shows one channel; an empty path: this driver has no such file.
struct ChannelFiles {
  std::string fallback_name;
  path label, enable, shunt, power, volts, amperes;
};

Result<Watts> read_power(const RailFiles& rail) {
  if (rail.power) {
    const auto milliwatts = rail.power->read_integer();
    if (!milliwatts) return milliwatts.error();
    return ina3221::watts_from_milliwatts(*milliwatts, rail.power->path());
  }
  const auto millivolts = rail.volts->read_integer();
  if (!millivolts) return millivolts.error();
  const auto milliamperes = rail.amperes->read_integer();
  if (!milliamperes) return milliamperes.error();
  const auto volts = ina3221::volts_from_millivolts(*millivolts, rail.volts->path());
  if (!volts) return volts.error();
  const auto amperes = ina3221::amperes_from_milliamperes(*milliamperes, rail.amperes->path());
  if (!amperes) return amperes.error();
  return *volts * *amperes;
}

class Ina3221 final : public Sensor {
 public:
  explicit Ina3221(Chip chip) : device_{std::move(chip.device)}, mode_{std::move(chip.mode)} {
    for (Rail& rail : chip.rails) {
      files_.push_back(std::move(rail.files));
      channels_.push_back(std::move(rail.channel));
    }
  }
  [[nodiscard]] std::string device() const override { return device_; }
  [[nodiscard]] std::span<const Channel> channels() const override { return channels_; }
  [[nodiscard]] Mode mode() const override { return mode_; }
  Result<Value> read(std::size_t channel) override {
    const auto power = read_power(files_[channel]);
    if (!power) return power.error();
    return Value{*power};
  }

 private:
  std::vector<RailFiles> files_;  // apart from what a read does not touch
  std::vector<Channel> channels_;
  std::string device_;
  Mode mode_;
};

std::string remedy_for(const Error& error) {
  switch (error.code) {
    case Errc::permission: return sysfs::to_be_allowed(error.where);
    case Errc::gone: return "the channel is off: as root, write 1 to its inN_enable";
    case Errc::malformed:
    case Errc::io: return "this is not what the kernel's driver writes; look at " + error.where;
    default: return "look at " + error.where;
  }
}

Skipped skipped(const std::string& what, const Error& error) {
  return Skipped{what, error.where + ": " + error.detail, remedy_for(error)};
}

// The rail's name. Without a device tree (x86) the hwmon driver has no labels.
Result<std::string> rail_name(const Machine& machine, const ChannelFiles& files) {
  auto label = machine.read(files.label);
  if (!label && label.error().code == Errc::not_found) return files.fallback_name;
  if (label && !sysfs::is_label(*label))
    return Error{Errc::malformed, machine.locate(files.label).string(),
                 "expected a label of 1 to 64 characters"};
  return label;
}

bool is_board_input(const std::string& name) { return name == "VDD_IN" || name == "POM_5V_IN"; }

std::optional<Error> hold(const Machine& machine, const path& file, std::optional<HeldFile>& held) {
  auto opened = machine.hold(file);
  if (!opened) return opened.error();
  held.emplace(std::move(*opened));
  return std::nullopt;
}

// Power where the driver gives it, else voltage and current. Voltage is wanted once in any case, for the
// quantum.
std::optional<Error> open_files(const Machine& machine, const ChannelFiles& files, RailFiles& rail) {
  if (!files.power.empty() && machine.exists(files.power)) return hold(machine, files.power, rail.power);
  if (auto error = hold(machine, files.volts, rail.volts)) return error;
  return hold(machine, files.amperes, rail.amperes);
}

// What the driver says of the shunt, and with it the step of power at the voltage that it shows now.
void note_shunt(const Machine& machine, const ChannelFiles& files, Channel& channel) {
  if (files.shunt.empty()) return;
  const auto microohms = machine.read_integer(files.shunt);
  const auto millivolts = machine.read_integer(files.volts);
  if (!microohms || !millivolts || *microohms <= 0 || *microohms > 100'000'000) return;
  const auto volts = ina3221::volts_from_millivolts(*millivolts, "");
  if (!volts || volts->value() == 0) return;
  channel.accuracy.shunt = Ohms{static_cast<double>(*microohms) * 1e-6};
  channel.accuracy.bus = *volts;
  channel.quantum = ina3221::power_quantum(*channel.accuracy.shunt, *volts);
}

void add_rail(const Machine& machine, const ChannelFiles& files, Chip& chip, std::vector<Skipped>& skips) {
  const std::string what = chip.device + " " + files.fallback_name;
  const auto name = rail_name(machine, files);
  if (!name) return skips.push_back(skipped(what, name.error()));
  if (*name == "NC") return skips.push_back({what, "not connected on this board (label NC)", ""});
  if (!files.enable.empty() && machine.read_integer(files.enable).value_or(1) == 0)
    return skips.push_back({chip.device + " " + *name, "the channel is switched off",
                            "as root: echo 1 > " + machine.locate(files.enable).string()});
  Rail rail;
  rail.channel.rail = *name;
  rail.channel.is_total = is_board_input(*name);
  if (const auto error = open_files(machine, files, rail.files))
    return skips.push_back(skipped(chip.device + " " + *name, *error));
  const auto first = read_power(rail.files);
  const bool passing = !first && sysfs::passes(first.error());
  if (!first && !passing) return skips.push_back(skipped(chip.device + " " + *name, first.error()));
  note_shunt(machine, files, rail.channel);
  chip.rails.push_back(std::move(rail));
}

// Puts what the file says into the mode; the integer when there is one.
std::optional<long long> note(const Machine& machine, const path& directory, const std::string& file,
                              Mode& mode) {
  if (!machine.exists(directory / file)) return std::nullopt;
  const auto value = machine.read_integer(directory / file);
  mode[file] = value ? std::to_string(*value) : "not readable";
  if (!value) return std::nullopt;
  return *value;
}

// ---- Linux' hwmon driver --------------------------------------------------------------------------------

struct Timing {
  std::optional<int> averaging;
  std::optional<Nanoseconds> conversion, refresh;
};

Timing note_hwmon_mode(const Machine& machine, const path& directory, Mode& mode) {
  Timing timing;
  const auto samples = note(machine, directory, "samples", mode);
  const auto interval = note(machine, directory, "update_interval", mode);
  int enabled = 0;
  for (int n = 1; n <= ina3221::channel_count; ++n) {
    const std::string number = std::to_string(n);
    enabled += note(machine, directory, "in" + number + "_enable", mode).value_or(1) != 0 ? 1 : 0;
    note(machine, directory, "shunt" + number + "_resistor", mode);
  }
  mode["power"] = "inN_input x currN_input: two reads of neighbouring conversions";
  if (samples && *samples >= 1 && *samples <= 1024) timing.averaging = static_cast<int>(*samples);
  if (!samples || !interval) return timing;
  timing.conversion = ina3221::conversion_time(enabled, *samples, *interval);
  if (timing.conversion) timing.refresh = ina3221::cycle(enabled, *timing.conversion);
  return timing;
}

// in4 to in7 are shunt voltages in microvolts and curr4 their sum: no rails.
Chip probe_hwmon(const Machine& machine, const path& client, const path& directory,
                 std::vector<Skipped>& skips) {
  Chip chip{client.filename().string(), {}, {}};
  const Timing timing = note_hwmon_mode(machine, directory, chip.mode);
  for (int n = 1; n <= ina3221::channel_count; ++n) {
    const std::string number = std::to_string(n);
    const ChannelFiles files{"ch" + number,
                             directory / ("in" + number + "_label"),
                             directory / ("in" + number + "_enable"),
                             directory / ("shunt" + number + "_resistor"),
                             {},
                             directory / ("in" + number + "_input"),
                             directory / ("curr" + number + "_input")};
    add_rail(machine, files, chip, skips);
  }
  for (Rail& rail : chip.rails) {
    rail.channel.averaging = timing.averaging;
    rail.channel.aperture = timing.conversion;
    rail.channel.voltage_aperture = timing.conversion;
    rail.channel.refresh = timing.refresh;
  }
  return chip;
}

void probe_hwmon_clients(const Machine& machine, std::vector<Chip>& chips, std::vector<Skipped>& skips) {
  for (const path& client : machine.list("/sys/bus/i2c/drivers/ina3221")) {
    if (!ina3221::is_client(client.filename().string())) continue;
    // The number of hwmonN changes between boots; other drivers may hang a hwmon on the same client.
    for (const path& directory : machine.list(client / "hwmon"))
      if (machine.read(directory / "name").value_or(std::string{}) == "ina3221")
        chips.push_back(probe_hwmon(machine, client, directory, skips));
  }
}

// ---- NVIDIA's IIO driver --------------------------------------------------------------------------------

// Triggered, each read starts a conversion of its own: CONFIG 0x7003, 140 us and no averaging. Continuous,
// the averaging is the device tree's and cannot be read.
void note_iio_mode(const Machine& machine, const path& directory, Chip& chip) {
  const auto running = note(machine, directory, "running_mode", chip.mode);
  if (running) chip.mode["running_mode"] = *running == 0 ? "triggered" : "continuous";
  chip.mode["power"] = "in_powerN_input: one conversion";
  for (Rail& rail : chip.rails) {
    if (!rail.files.power) chip.mode["power"] = "in_voltageN_input x in_currentN_input: two reads";
    if (!running || *running != 0) continue;
    rail.channel.averaging = 1;
    rail.channel.aperture = std::chrono::microseconds{140};
    rail.channel.voltage_aperture = std::chrono::microseconds{140};
  }
}

// in_powerN_trigger_input is left alone: it answers 0 while the chip is triggered.
Chip probe_iio(const Machine& machine, const path& client, const path& directory,
               std::vector<Skipped>& skips) {
  Chip chip{client.filename().string(), {}, {}};
  for (int n = 0; n < ina3221::channel_count; ++n) {
    const std::string number = std::to_string(n);
    const ChannelFiles files{"ch" + std::to_string(n + 1),
                             directory / ("rail_name_" + number),
                             {},
                             {},
                             directory / ("in_power" + number + "_input"),
                             directory / ("in_voltage" + number + "_input"),
                             directory / ("in_current" + number + "_input")};
    add_rail(machine, files, chip, skips);
  }
  note_iio_mode(machine, directory, chip);
  return chip;
}

void probe_iio_clients(const Machine& machine, std::vector<Chip>& chips, std::vector<Skipped>& skips) {
  for (const path& client : machine.list("/sys/bus/i2c/drivers/ina3221x")) {
    if (!ina3221::is_client(client.filename().string())) continue;
    for (const path& directory : machine.list(client)) {
      const std::string name = directory.filename().string();
      // "iio_device" on L4T with Linux 3.10 and 4.4.
      if (name != "iio_device" && name.rfind("iio:device", 0) != 0) continue;
      chips.push_back(probe_iio(machine, client, directory, skips));
      break;
    }
  }
}

// Rails must be told apart by name: two chips without labels both have a "ch1".
void rename_doubles(std::vector<Chip>& chips) {
  std::map<std::string, int> count;
  for (const Chip& chip : chips)
    for (const Rail& rail : chip.rails) ++count[rail.channel.rail];
  for (Chip& chip : chips)
    for (Rail& rail : chip.rails)
      if (count[rail.channel.rail] > 1) rail.channel.rail += "@" + chip.device;
}

Found probe(const Machine& machine, const Workload&) {
  Found found;
  std::vector<Chip> chips;
  probe_hwmon_clients(machine, chips, found.skipped);
  probe_iio_clients(machine, chips, found.skipped);
  rename_doubles(chips);
  for (Chip& chip : chips)
    if (!chip.rails.empty()) found.sensors.push_back(std::make_unique<Ina3221>(std::move(chip)));
  return found;
}

}  // namespace

extern const SensorDriver ina3221_driver;
const SensorDriver ina3221_driver{"ina3221", "rails of Jetson boards (TI INA3221)", Origin::measured, probe};

}  // namespace layerwatt
