// SPDX-License-Identifier: Apache-2.0
// Chips of the hwmon class; see hwmon_chips.h.
#include "sensors/hwmon_chips.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "sensors/sysfs_quantity.h"

namespace layerwatt::hwmon {

namespace {

using namespace std::chrono_literals;
using std::filesystem::path;
using Mode = std::map<std::string, std::string>;

constexpr long long longest_interval_ms = 3'600'000;

// A file that is one rail: "power1_input", "energy2_input".
struct Source {
  std::string file;
  std::string stem;  // "power1": of its label and interval
  Meaning meaning = Meaning::power_now;
  bool averaged = false;
};

struct Rail {
  Channel channel;
  HeldFile file;
};

struct Chip {
  std::string name;    // "ina226"
  std::string parent;  // "1-0041": the device that it measures or is; hwmonN when there is none
  Mode mode;
  std::vector<Rail> rails;
  [[nodiscard]] std::string device() const { return name + "@" + parent; }
};

Result<Value> read_value(const HeldFile& file, Meaning meaning) {
  const auto number = file.read_integer();
  if (!number) return number.error();
  if (meaning == Meaning::energy_total) {
    const auto energy = sysfs::joules_from_microjoules(*number, file.path());
    return energy ? Result<Value>{Value{*energy}} : energy.error();
  }
  const auto power = sysfs::watts_from_microwatts(*number, file.path());
  return power ? Result<Value>{Value{*power}} : power.error();
}

class HwmonChip final : public Sensor {
 public:
  explicit HwmonChip(Chip chip) : device_{chip.device()}, mode_{std::move(chip.mode)} {
    for (Rail& rail : chip.rails) {
      channels_.push_back(std::move(rail.channel));
      files_.push_back(std::move(rail.file));
    }
  }
  [[nodiscard]] std::string device() const override { return device_; }
  [[nodiscard]] std::span<const Channel> channels() const override { return channels_; }
  [[nodiscard]] Mode mode() const override { return mode_; }
  Result<Value> read(std::size_t channel) override {
    return read_value(files_[channel], channels_[channel].meaning);
  }

 private:
  std::string device_;
  Mode mode_;
  std::vector<Channel> channels_;
  std::vector<HeldFile> files_;
};

// "power12_average" is {12, "average"} of "power".
std::optional<std::pair<int, std::string>> numbered(const std::string& file, const std::string& kind) {
  if (file.rfind(kind, 0) != 0) return std::nullopt;
  int number = 0;
  const char* const begin = file.data() + kind.size();
  const char* const end = file.data() + file.size();
  const auto [after, failure] = std::from_chars(begin, end, number);
  if (failure != std::errc{} || number < 1 || after == end || *after != '_') return std::nullopt;
  return std::pair{number, std::string{after + 1, end}};
}

// By number; counters first. Power at this moment is better than its average.
std::vector<Source> sources_in(const Machine& machine, const path& directory) {
  std::map<int, Source> energies, powers;
  for (const path& file : machine.list(directory)) {
    const std::string name = file.filename().string();
    if (const auto energy = numbered(name, "energy"); energy && energy->second == "input")
      energies[energy->first] = {name, "energy" + std::to_string(energy->first), Meaning::energy_total,
                                 false};
    const auto power = numbered(name, "power");
    if (!power || (power->second != "input" && power->second != "average")) continue;
    const bool averaged = power->second == "average";
    const std::string stem = "power" + std::to_string(power->first);
    if (!averaged || !powers.contains(power->first))
      powers[power->first] = {name, stem, Meaning::power_now, averaged};
  }
  std::vector<Source> sources;
  for (auto& [number, source] : energies) sources.push_back(std::move(source));
  for (auto& [number, source] : powers) sources.push_back(std::move(source));
  return sources;
}

// What a link in the machine's tree leads to; empty when it leads nowhere, or out of the tree's links.
std::optional<path> followed(const Machine& machine, const path& link) {
  std::error_code failure;
  const path target = std::filesystem::canonical(machine.locate(link), failure);
  if (failure) return std::nullopt;
  return target;
}

// The kernel shows batteries and thermal zones here once more.
bool is_shown_again(const Machine& machine, const path& directory) {
  const auto subsystem = followed(machine, directory / "device" / "subsystem");
  if (!subsystem) return false;
  return subsystem->filename() == "power_supply" || subsystem->filename() == "thermal";
}

// The number of hwmonN changes between boots; the device behind it stays.
std::string parent_of(const Machine& machine, const path& directory) {
  const auto device = followed(machine, directory / "device");
  const auto own = followed(machine, directory);
  if (!device || (own && device->parent_path() == *own)) return directory.filename().string();
  const std::string name = device->filename().string();
  return sysfs::is_label(name) ? name : directory.filename().string();
}

std::optional<Nanoseconds> interval(const Machine& machine, const path& file, const std::string& key,
                                    Mode& mode) {
  if (!machine.exists(file)) return std::nullopt;
  const auto value = machine.read_integer(file);
  mode[key] = value ? std::to_string(*value) + " ms" : "not readable";
  if (!value || *value < 1 || *value > longest_interval_ms) return std::nullopt;
  return std::chrono::milliseconds{*value};
}

bool is_one_of(const std::string& name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void set_timing(const Machine& machine, const path& directory, const Source& source, Chip& chip,
                Channel& channel) {
  channel.refresh = interval(machine, directory / "update_interval", "update_interval", chip.mode);
  if (source.meaning == Meaning::energy_total) return;
  if (source.averaged) {
    const std::string file = source.stem + "_average_interval";
    channel.aperture = interval(machine, directory / file, file, chip.mode);
    // Values nearer to each other than that share most of what they average.
    if (channel.aperture) channel.refresh = std::max(channel.refresh.value_or(0ns), *channel.aperture);
    if (channel.aperture) channel.averaging = 1;
  } else if (is_one_of(chip.name, {"ina226", "ina230", "ina231", "ina234", "ina260", "sy24655"})) {
    channel.aperture = channel.refresh;
    if (channel.aperture) channel.averaging = 1;
  } else if (is_one_of(chip.name, {"ina237", "ina238"})) {
    // Kernels that do not show the interval leave it as they set it: 16 x (shunt, bus, temperature).
    if (!channel.refresh) channel.refresh = 16 * 3 * 1052us;
    channel.aperture = channel.refresh;
    channel.averaging = 1;
  } else if (is_one_of(chip.name, {"ina219", "ina220"})) {
    channel.aperture = channel.voltage_aperture = 532us;
    channel.refresh = 1064us;
    channel.averaging = 1;
  }
}

Result<std::string> rail_name(const Machine& machine, const path& directory, const Source& source,
                              const Chip& chip) {
  auto label = machine.read(directory / (source.stem + "_label"));
  if (!label && label.error().code == Errc::not_found) return chip.name + "_" + source.stem;
  if (!label) return label.error();
  std::replace(label->begin(), label->end(), ' ', '_');
  if (!sysfs::is_label(*label))
    return Error{Errc::malformed, machine.locate(directory / (source.stem + "_label")).string(),
                 "expected a label of 1 to 64 characters"};
  return label;
}

void add_rail(const Machine& machine, const path& directory, const Source& source, Chip& chip,
              std::vector<Skipped>& skips) {
  const std::string what = chip.device() + " " + source.stem;
  const auto name = rail_name(machine, directory, source, chip);
  if (!name) return skips.push_back(sysfs::skipped(what, name.error()));
  auto file = machine.hold(directory / source.file);
  if (!file) return skips.push_back(sysfs::skipped(what, file.error()));
  const auto first = read_value(*file, source.meaning);
  if (!first && !sysfs::passes(first.error())) return skips.push_back(sysfs::skipped(what, first.error()));
  Rail rail{{}, std::move(*file)};
  rail.channel.rail = *name;
  rail.channel.meaning = source.meaning;
  const bool taken = std::any_of(chip.rails.begin(), chip.rails.end(),
                                 [&](const Rail& other) { return other.channel.rail == *name; });
  if (taken) rail.channel.rail += "_" + source.stem;
  chip.mode[rail.channel.rail] = source.file;
  if (source.meaning == Meaning::energy_total)
    chip.mode[source.stem + "_wraps_at"] = "not known: the chip's counter may be narrower than it shows";
  set_timing(machine, directory, source, chip, rail.channel);
  chip.rails.push_back(std::move(rail));
}

// Rails must be told apart by name: two chips of a kind are named alike.
void name_apart(std::vector<Chip>& chips) {
  std::map<std::string, int> count;
  for (const Chip& chip : chips)
    for (const Rail& rail : chip.rails) ++count[rail.channel.rail];
  for (Chip& chip : chips)
    for (Rail& rail : chip.rails)
      if (count[rail.channel.rail] > 1) rail.channel.rail += "@" + chip.parent;
}

}  // namespace

bool is_gpu(const std::string& name) {
  return is_one_of(name, {"amdgpu", "radeon", "nouveau", "i915", "xe"});
}

Found probe(const Machine& machine, bool (*wanted)(const std::string& name)) {
  Found found;
  std::vector<Chip> chips;
  for (const path& directory : machine.list("/sys/class/hwmon")) {
    const std::string name = machine.read(directory / "name").value_or(std::string{});
    // The INA3221 has a driver of its own, and no power here.
    if (!sysfs::is_label(name) || name == "ina3221" || !wanted(name)) continue;
    if (is_shown_again(machine, directory)) continue;
    Chip chip{name, parent_of(machine, directory), {}, {}};
    for (const Source& source : sources_in(machine, directory))
      add_rail(machine, directory, source, chip, found.skipped);
    if (!chip.rails.empty()) chips.push_back(std::move(chip));
  }
  std::sort(chips.begin(), chips.end(), [](const Chip& a, const Chip& b) { return a.device() < b.device(); });
  name_apart(chips);
  for (Chip& chip : chips) found.sensors.push_back(std::make_unique<HwmonChip>(std::move(chip)));
  return found;
}

}  // namespace layerwatt::hwmon
