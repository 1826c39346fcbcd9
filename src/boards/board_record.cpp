// SPDX-License-Identifier: Apache-2.0
// Which files of a machine are recorded, and the walk to them. Links are recorded as links, since sysfs is
// made of them and drivers are found by them.
#include "boards/board_record.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <sstream>

#include "core/median.h"

namespace layerwatt {

namespace {

using std::filesystem::path;

// Where something stands that layerwatt, or whoever writes a board's file, reads. "*" is any name.
constexpr std::array<const char*, 36> recorded{
    "/proc/device-tree/compatible",
    "/proc/device-tree/model",
    "/proc/cpuinfo",
    "/proc/loadavg",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/perf_event_paranoid",
    "/etc/os-release",
    "/etc/nv_tegra_release",
    "/etc/nvpmodel.conf",
    "/var/lib/nvpmodel/status",
    "/sys/class/dmi/id/sys_vendor",
    "/sys/class/dmi/id/product_name",
    "/sys/devices/system/cpu/online",
    "/sys/devices/system/cpu/possible",
    "/sys/devices/system/cpu/cpufreq/*/*",
    "/sys/devices/system/cpu/*/topology/physical_package_id",
    "/sys/devices/system/cpu/*/topology/die_id",
    "/sys/class/devfreq/*/*",
    "/sys/class/devfreq/*/device/of_node/name",
    "/sys/class/hwmon/*/*",
    "/sys/class/hwmon/*/device/name",
    "/sys/class/powercap/*/*",
    "/sys/class/power_supply/*/*",
    "/sys/class/thermal/*/type",
    "/sys/class/thermal/*/temp",
    "/sys/bus/event_source/devices/power/type",
    "/sys/bus/event_source/devices/power/cpumask",
    "/sys/bus/event_source/devices/power/events/*",
    "/sys/bus/i2c/devices/*/name",
    "/sys/bus/i2c/drivers/ina3221/*/hwmon/*/*",
    "/sys/bus/i2c/drivers/ina3221x/*/*/*",
    "/sys/bus/iio/devices/*/*",
    "/sys/kernel/debug/bpmp/debug/clk/emc/*rate",
    "/sys/kernel/debug/clk/override.emc/clk_rate",
    "/sys/module/tegra_fuse/parameters/tegra_chip_id",
    "/sys/hypervisor/type",
};

constexpr std::size_t longest_content = 64 << 10, most_files = 20'000;
constexpr int most_links = 40;  // in one path, as Linux has it
constexpr std::size_t timed_reads = 20;

bool fits(std::string_view pattern, std::string_view name) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  const std::string_view before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return name.size() >= before.size() + after.size() && name.substr(0, before.size()) == before &&
         name.substr(name.size() - after.size()) == after;
}

// Told apart by what sysfs calls them; a value that one unit alone has.
bool identifies_a_unit(const std::string& name) {
  for (const char* secret : {"serial", "uuid", "address", "asset"})
    if (name.find(secret) != std::string::npos) return true;
  return false;
}

// A sensor's value, whose read costs time on a bus.
bool is_reading(const std::string& name) {
  return name.ends_with("_input") || name.ends_with("_average") || name == "energy_uj" ||
         name == "power_now" || name == "current_now" || name == "voltage_now";
}

// ARM's /proc/cpuinfo ends with the board's serial number.
std::string without_serial_numbers(const std::string& text) {
  std::istringstream lines{text};
  std::string kept;
  for (std::string line; std::getline(lines, line);)
    if (line.rfind("Serial", 0) != 0) kept += line + "\n";
  return kept;
}

class Recorder {
 public:
  explicit Recorder(const Machine& machine) : machine_{machine} {}
  void add(const path& pattern) {
    std::vector<std::string> names;
    for (const path& name : pattern.relative_path()) names.push_back(name.string());
    expand("/", names, 0);
  }
  BoardRecord finish() && {
    for (auto& [where, file] : files_) record_.files.push_back(std::move(file));
    return std::move(record_);
  }

 private:
  // `at` has no links in it.
  void expand(const path& at, const std::vector<std::string>& names, std::size_t next) {
    if (next == names.size()) return take(at);
    if (names[next].find('*') == std::string::npos) return step(at / names[next], names, next);
    for (const path& entry : machine_.list(at))
      if (fits(names[next], entry.filename().string())) step(entry, names, next);
  }
  void step(const path& to, const std::vector<std::string>& names, std::size_t next) {
    int links = 0;
    if (const auto real = resolve(to, links)) expand(*real, names, next + 1);
  }
  // `to` without links; each that was met is recorded. Empty when nothing is there.
  std::optional<path> resolve(const path& to, int& links) {
    path real = "/";
    for (const path& name : to.lexically_normal().relative_path()) {
      const path entry = real / name;
      struct stat status {};
      if (lstat(machine_.locate(entry).c_str(), &status) != 0) return std::nullopt;
      if (!S_ISLNK(status.st_mode)) {
        real = entry;
        continue;
      }
      std::error_code failure;
      const path target = std::filesystem::read_symlink(machine_.locate(entry), failure);
      if (failure || ++links > most_links) return std::nullopt;
      record_.links[entry.string()] = target.string();
      const auto there = resolve(target.is_absolute() ? target : real / target, links);
      if (!there) return std::nullopt;
      real = *there;
    }
    return real;
  }
  void take(const path& at) {
    const std::string name = at.filename().string();
    struct stat status {};
    if (files_.size() >= most_files || files_.count(at.string()) != 0 || identifies_a_unit(name)) return;
    if (stat(machine_.locate(at).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    RecordedFile file;
    file.path = at.string();
    file.mode = status.st_mode & 07777U;
    if (!read(at, file)) return;
    if (at == "/proc/cpuinfo") file.content = without_serial_numbers(file.content);
    if (file.failure == 0 && is_reading(name)) file.times = time(at);
    files_.emplace(file.path, std::move(file));
  }
  // False when there is more than a record should hold.
  [[nodiscard]] bool read(const path& at, RecordedFile& file) const {
    const int descriptor = open(machine_.locate(at).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0) file.failure = errno;
    std::array<char, 4096> part{};  // as much as an attribute of sysfs has
    while (descriptor >= 0 && file.content.size() <= longest_content) {
      const ssize_t got = ::read(descriptor, part.data(), part.size());
      if (got < 0) file.failure = errno;
      if (got <= 0) break;
      file.content.append(part.data(), static_cast<std::size_t>(got));
    }
    if (descriptor >= 0) close(descriptor);
    return file.content.size() <= longest_content;
  }
  [[nodiscard]] std::optional<ReadTimes> time(const path& at) const {
    const auto held = machine_.hold(at);
    if (!held) return std::nullopt;
    std::vector<Nanoseconds> took;
    std::array<char, 64> buffer{};
    for (std::size_t i = 0; i < timed_reads; ++i) {
      const Instant before = machine_.clock().now();
      const auto text = held->read(buffer);
      const Instant after = machine_.clock().now();
      if (text) took.push_back(after - before);
    }
    if (took.empty()) return std::nullopt;
    const auto [shortest, longest] = std::minmax_element(took.begin(), took.end());
    return ReadTimes{took.size(), *shortest, median(took), *longest};
  }

  const Machine& machine_;
  BoardRecord record_;
  std::map<std::string, RecordedFile> files_;
};

}  // namespace

BoardRecord record_board(const Machine& machine) {
  Recorder recorder{machine};
  for (const char* pattern : recorded) recorder.add(pattern);
  return std::move(recorder).finish();
}

}  // namespace layerwatt
