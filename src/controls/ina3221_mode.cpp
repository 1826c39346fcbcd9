// SPDX-License-Identifier: Apache-2.0
// The fastest mode of the INA3221; see ina3221_mode.h. What drivers do with what is written:
// drivers/hwmon/ina3221.c of Linux 5.10 and 6.1, drivers/staging/iio/meter/ina3221.c of L4T 4.9.
#include "controls/ina3221_mode.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "core/vocabulary.h"
#include "sensors/ina3221_chip.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

using std::filesystem::path;

constexpr const char* hwmon_clients = "/sys/bus/i2c/drivers/ina3221";
constexpr const char* iio_clients = "/sys/bus/i2c/drivers/ina3221x";
constexpr Nanoseconds fastest_conversion = 140us;
// Time constants after which e^-5, 0.7 %, of the former average is left.
constexpr int time_constants = 5;
// Un-averaged, the first conversion takes the place of the average: longer waits would be superstition.
constexpr Nanoseconds longest_settling = 3s;
// L4T's averaging cannot be read; 512 conversions in 0.84 ms each are the most that NVIDIA's device trees
// set.
constexpr Nanoseconds settling_of_l4t = 2200ms;

// ---- Names ----------------------------------------------------------------------------------------------

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_numbered(const std::string& name, std::string_view stem) {
  return name.rfind(stem, 0) == 0 && is_number(std::string_view{name}.substr(stem.size()));
}

bool is_iio_device(const std::string& name) {
  return name == "iio_device" || is_numbered(name, "iio:device");
}

bool is_hwmon_setting(const std::string& name) {
  constexpr std::array<std::string_view, 5> known{"samples", "update_interval", "in1_enable", "in2_enable",
                                                  "in3_enable"};
  return std::find(known.begin(), known.end(), name) != known.end();
}

bool owns(const path& file) {
  const path directory = file.parent_path();
  const std::string name = file.filename().string(), device = directory.filename().string();
  if (name == "running_mode") {
    const path client = directory.parent_path();
    return is_iio_device(device) && ina3221::is_client(client.filename().string()) &&
           file.native() == (path{iio_clients} / client.filename() / device / name).native();
  }
  const path client = directory.parent_path().parent_path();
  return is_hwmon_setting(name) && is_numbered(device, "hwmon") &&
         ina3221::is_client(client.filename().string()) &&
         file.native() == (path{hwmon_clients} / client.filename() / "hwmon" / device / name).native();
}

// ---- Rails ----------------------------------------------------------------------------------------------

// The rails that are asked for, and which of them no chip had.
class Wanted {
 public:
  explicit Wanted(const std::vector<std::string>& rails) : rails_{rails}, missing_{rails} {}
  [[nodiscard]] bool all() const { return rails_.empty(); }
  // By the names that the sensor gives: its label, with "@6-0040" where two chips have the same.
  bool has(const std::string& label, const std::string& client) {
    bool wanted = false;
    for (const std::string& name : {label, label + "@" + client}) {
      wanted = wanted || std::find(rails_.begin(), rails_.end(), name) != rails_.end();
      std::erase(missing_, name);
    }
    return wanted;
  }
  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

 private:
  const std::vector<std::string>& rails_;
  std::vector<std::string> missing_;
};

Result<std::string> label_of(const Machine& machine, const path& file, int channel) {
  auto label = machine.read(file);
  if (!label && label.error().code == Errc::not_found) return "ch" + std::to_string(channel);
  return label;
}

// ---- Linux' hwmon driver --------------------------------------------------------------------------------

int enabled_count(const HwmonChip& chip) {
  return static_cast<int>(std::count(chip.enabled.begin(), chip.enabled.end(), true));
}

path enable_file(const path& directory, std::size_t channel) {
  return directory / ("in" + std::to_string(channel + 1) + "_enable");
}

Result<HwmonChip> look_at(const Machine& machine, const path& directory, Wanted& wanted) {
  HwmonChip chip;
  chip.directory = directory;
  const std::string client = directory.parent_path().parent_path().filename().string();
  for (std::size_t c = 0; c < chip.enabled.size(); ++c) {
    const int number = static_cast<int>(c) + 1;
    chip.enabled[c] = machine.read_integer(enable_file(directory, c)).value_or(1) != 0;
    const auto label = label_of(machine, directory / ("in" + std::to_string(number) + "_label"), number);
    if (!label) return label.error();
    chip.wanted[c] = wanted.has(*label, client) || wanted.all();
  }
  const auto samples = machine.read_integer(directory / "samples");
  if (!samples) return samples.error();
  const auto interval = machine.read_integer(directory / "update_interval");
  if (!interval) return interval.error();
  chip.samples = *samples;
  chip.interval = *interval;
  return chip;
}

// 1 ms over three channels is 167 us a conversion, nearest to 140; over fewer it would be nearer to longer
// ones. What is shown then is what 140 us make, in whole milliseconds.
Step fastest_interval(const HwmonChip& chip) {
  const int channels = enabled_count(chip);
  const auto shown = std::lround(seconds(ina3221::cycle(channels, fastest_conversion)) * 1e3);
  return {chip.directory / "update_interval", channels == 3 ? "1" : "0", std::to_string(shown)};
}

// update_interval hangs on the channels that are on and, written, on `samples`; whether it does when read,
// kernels differ in. So it is written, and undone, while `samples` is 1 and all channels are as they were;
// and what it said before all is promised, for what 5.10 rounded away meanwhile.
std::vector<Step> steps_of(const HwmonChip& chip) {
  std::vector<Step> steps;
  const bool is_fastest =
      ina3221::conversion_time(enabled_count(chip), chip.samples, chip.interval) == fastest_conversion;
  if (!is_fastest) steps.push_back({chip.directory / "update_interval", "", ""});
  if (chip.samples != 1) steps.push_back({chip.directory / "samples", "1", "1"});
  if (!is_fastest) steps.push_back(fastest_interval(chip));
  for (std::size_t c = 0; c < chip.enabled.size(); ++c)
    if (chip.enabled[c] && !chip.wanted[c]) steps.push_back({enable_file(chip.directory, c), "0", "0"});
  return steps;
}

// An exponential average over N keeps 1 - 1/N of itself each cycle.
Nanoseconds settling_of(const HwmonChip& chip) {
  const Nanoseconds conversion =
      ina3221::conversion_time(enabled_count(chip), chip.samples, chip.interval).value_or(1100us);
  const Nanoseconds cycle = ina3221::cycle(std::max(1, enabled_count(chip)), conversion);
  Channel average;
  average.refresh = cycle;
  average.averaging = static_cast<int>(std::clamp(chip.samples, 1LL, 1024LL));
  const Nanoseconds memory = time_constants * time_constant_of(average).value_or(Nanoseconds{0});
  return std::clamp(memory, 2 * cycle, longest_settling);
}

void add(ModePlan& plan, ModePlan more) {
  plan.settling = std::max(plan.settling, more.settling);
  std::move(more.steps.begin(), more.steps.end(), std::back_inserter(plan.steps));
}

Result<int> plan_hwmon(const Machine& machine, Wanted& wanted, ModePlan& plan) {
  int chips = 0;
  for (const path& client : machine.list(hwmon_clients)) {
    if (!ina3221::is_client(client.filename().string())) continue;
    for (const path& directory : machine.list(client / "hwmon")) {
      if (machine.read(directory / "name").value_or("") != "ina3221") continue;
      ++chips;
      const auto chip = look_at(machine, directory, wanted);
      if (!chip) return chip.error();
      add(plan, plan_fastest(*chip));
    }
  }
  return chips;
}

// ---- NVIDIA's IIO driver --------------------------------------------------------------------------------

// 0 is forced triggered: CONFIG 0x7003, a conversion of 140 us for each read, and off between reads.
Result<int> plan_iio(const Machine& machine, Wanted& wanted, ModePlan& plan) {
  int chips = 0;
  for (const path& client : machine.list(iio_clients)) {
    if (!ina3221::is_client(client.filename().string())) continue;
    for (const path& directory : machine.list(client)) {
      if (!is_iio_device(directory.filename().string())) continue;
      ++chips;
      bool any = wanted.all();
      for (int n = 0; n < ina3221::channel_count; ++n) {
        const auto label = label_of(machine, directory / ("rail_name_" + std::to_string(n)), n + 1);
        if (!label) return label.error();
        any = wanted.has(*label, client.filename().string()) || any;
      }
      if (!any) break;
      const auto running = machine.read_integer(directory / "running_mode");
      if (!running) return running.error();
      if (*running != 0) add(plan, {{{directory / "running_mode", "0", "0"}}, settling_of_l4t});
      break;
    }
  }
  return chips;
}

}  // namespace

extern const ControlDriver ina3221_mode_driver;
const ControlDriver ina3221_mode_driver{"ina3221_mode", "how the INA3221 converts and averages", owns};

ModePlan plan_fastest(const HwmonChip& chip) {
  // The driver divides by the number of channels that are on.
  if (enabled_count(chip) == 0 || std::count(chip.wanted.begin(), chip.wanted.end(), true) == 0) return {};
  std::vector<Step> steps = steps_of(chip);
  if (steps.empty()) return {};
  return {std::move(steps), settling_of(chip)};
}

Result<ModePlan> plan_fastest_ina3221(const Machine& machine, const std::vector<std::string>& rails) {
  ModePlan plan;
  Wanted wanted{rails};
  const auto hwmon = plan_hwmon(machine, wanted, plan);
  if (!hwmon) return hwmon.error();
  const auto iio = plan_iio(machine, wanted, plan);
  if (!iio) return iio.error();
  if (*hwmon + *iio == 0)
    return Error{Errc::not_found, "INA3221", "this machine has none, and no other sensor whose mode is set"};
  if (!wanted.missing().empty())
    return Error{Errc::not_found, "rail " + wanted.missing().front(), "no INA3221 of this machine has it"};
  return plan;
}

}  // namespace layerwatt
