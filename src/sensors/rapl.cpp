// SPDX-License-Identifier: Apache-2.0
// RAPL: counters of energy that x86 processors keep, through Linux' powercap class. Intel since Sandy Bridge;
// AMD since Zen appears under the same names. Only reads; limits of power are left alone.
//
// Facts: Linux, Documentation/power/powercap/powercap.rst and drivers/powercap/intel_rapl_{common,msr}.c
// (names, 32-bit counters, max_energy_range_uj = 0xffffffff units); CVE-2020-8694. What contains what:
// rapl_rails.h. The same counters through perf events: rapl_perf.h.
#include <algorithm>

#include "sensors/rapl_rails.h"
#include "sensors/sensor.h"
#include "sensors/sysfs_quantity.h"

namespace layerwatt {

namespace {

using std::filesystem::path;

constexpr const char* powercap = "/sys/class/powercap";
// The same counters of a package may be reached through MSRs and again through memory; the first one counts.
constexpr std::string_view interfaces[] = {"intel-rapl:", "intel-rapl-mmio:"};

// Files that only root may read since Linux 5.10.
constexpr const char* to_open =
    "run as root; or, where everyone who may read it is trusted: sudo chgrp GROUP "
    "/sys/class/powercap/intel-rapl*/energy_uj && sudo chmod g+r /sys/class/powercap/intel-rapl*/energy_uj "
    "(until the next boot)";

struct Counter {
  Channel channel;
  HeldFile file;
  std::optional<long long> largest;  // microjoules
};

// A package or the platform, with what the kernel hangs below it.
struct Domain {
  std::string device;  // "intel-rapl:0"
  std::string name;    // "package-0"
  std::vector<Counter> counters;
};

class Rapl final : public Sensor {
 public:
  explicit Rapl(Domain domain) : device_{std::move(domain.device)} {
    for (Counter& counter : domain.counters) {
      channels_.push_back(std::move(counter.channel));
      files_.push_back(std::move(counter.file));
      largest_.push_back(counter.largest);
    }
  }
  [[nodiscard]] std::string device() const override { return device_; }
  [[nodiscard]] std::span<const Channel> channels() const override { return channels_; }
  [[nodiscard]] std::map<std::string, std::string> mode() const override {
    return {{"interface", "powercap, energy_uj"}};
  }
  Result<Value> read(std::size_t channel) override;

 private:
  std::string device_;
  std::vector<Channel> channels_;
  std::vector<HeldFile> files_;
  std::vector<std::optional<long long>> largest_;
};

Result<Joules> read_energy(const HeldFile& file, const std::optional<long long>& largest) {
  const auto microjoules = file.read_integer();
  if (!microjoules) return microjoules.error();
  if (largest && *microjoules > *largest)
    return Error{Errc::malformed, file.path(), "out of range: more than max_energy_range_uj"};
  return sysfs::joules_from_microjoules(*microjoules, file.path());
}

Result<Value> Rapl::read(std::size_t channel) {
  const auto energy = read_energy(files_[channel], largest_[channel]);
  if (!energy) return energy.error();
  return Value{*energy};
}

bool starts_with(const std::string& text, std::string_view start) { return text.rfind(start, 0) == 0; }

// Of AMD's processors the kernel reads the counter of one core and calls it "core".
bool counts_one_core(const Machine& machine) {
  const std::string text = machine.read("/proc/cpuinfo").value_or(std::string{});
  return text.find("AuthenticAMD") != std::string::npos || text.find("HygonGenuine") != std::string::npos;
}

Channel counter_channel(const std::string& name, const std::optional<long long>& largest) {
  constexpr double units = 4294967295;  // what max_energy_range_uj holds
  Channel channel;
  channel.rail = name;
  channel.meaning = Meaning::energy_total;
  channel.refresh = rapl::refresh;
  if (!largest) return channel;
  channel.tick = Joules{static_cast<double>(*largest) * 1e-6} / units;
  channel.wraps_at = Joules{static_cast<double>(*largest) * 1e-6} + *channel.tick;
  return channel;
}

class Search {
 public:
  explicit Search(const Machine& machine) : machine_{machine}, one_core_{counts_one_core(machine)} {
    for (const std::string_view interface : interfaces)
      for (const path& zone : machine.list(powercap)) {
        const std::string id = zone.filename().string();
        const bool top = std::count(id.begin(), id.end(), ':') == 1;
        if (starts_with(id, interface) && top) add_domain(zone);
      }
  }
  Found found() &&;

 private:
  void add_domain(const path& zone);
  void add_counter(const path& zone, const std::string& what, Domain& domain);

  const Machine& machine_;
  bool one_core_;
  std::vector<Domain> domains_;
  std::string closed_, closed_file_;  // names of what only root may read, and one of the files
  std::vector<Skipped> skipped_;
};

void Search::add_domain(const path& zone) {
  Domain domain{zone.filename().string(), {}, {}};
  const auto name = machine_.read(zone / "name");
  if (!name) return skipped_.push_back(sysfs::skipped(domain.device, name.error()));
  domain.name = *name;
  for (const Domain& known : domains_)
    if (known.name == domain.name)
      return skipped_.push_back({domain.device + " " + domain.name,
                                 "the same counter as " + known.device + ", so it is not counted twice", ""});
  add_counter(zone, domain.device, domain);
  for (const path& part : machine_.list(powercap))
    if (starts_with(part.filename().string(), domain.device + ":"))
      add_counter(part, part.filename().string(), domain);
  domains_.push_back(std::move(domain));
}

void Search::add_counter(const path& zone, const std::string& what, Domain& domain) {
  const auto name = machine_.read(zone / "name");
  if (!name) return skipped_.push_back(sysfs::skipped(what, name.error()));
  if (!sysfs::is_label(*name))
    return skipped_.push_back(
        sysfs::skipped(what, Error{Errc::malformed, machine_.locate(zone / "name").string(),
                                   "expected a name of 1 to 64 characters"}));
  if (*name == "core" && one_core_)
    return skipped_.push_back({what + " core", "counts one core of the processor only (AMD)", ""});
  auto file = machine_.hold(zone / "energy_uj");
  if (!file && file.error().code == Errc::permission) {
    closed_ += (closed_.empty() ? "" : ", ") + *name;
    closed_file_ = file.error().where + ": " + file.error().detail;
    return;
  }
  if (!file) return skipped_.push_back(sysfs::skipped(what + " " + *name, file.error()));
  const auto range = machine_.read_integer(zone / "max_energy_range_uj");
  std::optional<long long> largest;
  if (range && *range > 0) largest = *range;
  const auto first = read_energy(*file, largest);
  if (!first && !sysfs::passes(first.error()))
    return skipped_.push_back(sysfs::skipped(what + " " + *name, first.error()));
  if (rapl::is_platform(*name) && first && *first == Joules{})
    return skipped_.push_back(
        {what + " " + *name, "stands at zero: this board's maker did not connect it", ""});
  domain.counters.push_back({counter_channel(*name, largest), std::move(*file), largest});
}

Found Search::found() && {
  std::vector<rapl::Domain> rails;
  for (Domain& domain : domains_) {
    rails.push_back({domain.name, {}});
    for (Counter& counter : domain.counters) rails.back().channels.push_back(&counter.channel);
  }
  rapl::name_apart(rails);
  rapl::set_containment(rails);
  Found found;
  if (!closed_.empty())
    skipped_.push_back({"rapl " + closed_, closed_file_ + "; " + rapl::closed_because, to_open});
  for (Domain& domain : domains_)
    if (!domain.counters.empty()) found.sensors.push_back(std::make_unique<Rapl>(std::move(domain)));
  found.skipped = std::move(skipped_);
  return found;
}

Found probe(const Machine& machine, const Workload&) { return Search{machine}.found(); }

}  // namespace

extern const SensorDriver rapl_driver;
const SensorDriver rapl_driver{"rapl", "energy counters of x86 processors (RAPL)", Origin::measured, probe};

}  // namespace layerwatt
