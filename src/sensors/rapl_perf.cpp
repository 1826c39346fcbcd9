// SPDX-License-Identifier: Apache-2.0
// The counters of rapl.cpp through Linux' perf events, which some machines let users read where powercap is
// for root alone, and which do not wrap. Each counts from 0 when it is opened.
//
// Facts: Linux, Documentation/ABI/testing/sysfs-bus-event_source-devices-events (scale and unit);
// arch/x86/events/rapl.c (PMU "power": names of events, 64 bits in units of 2^-32 J whatever the step of the
// counter, which the kernel reads at each read; one CPU a package or die in `cpumask`; AMD gives the package
// alone) and arch/x86/events/probe.c (counters at zero are not shown, but psys of Sapphire Rapids is, in
// steps of 1 J); Documentation/admin-guide/perf-security.rst and sysctl/kernel.rst (who may).
#include "sensors/rapl_perf.h"

#include <charconv>
#include <set>

#include "core/text.h"
#include "sensors/rapl_rails.h"
#include "sensors/sysfs_quantity.h"

namespace layerwatt::rapl_perf {

namespace {

using std::filesystem::path;

const path pmu = "/sys/bus/event_source/devices/power";
constexpr std::size_t most_cpus = 64;  // in the mask: one a package or die

constexpr const char* to_count =
    "run as root; or give this program alone the right (Linux 5.8): sudo setcap cap_perfmon=ep "
    "PATH/layerwatt; or every user, until the next boot: sudo sysctl kernel.perf_event_paranoid=0. Who may "
    "count all of a processor sees what others compute. In a container its seccomp profile must allow "
    "perf_event_open";

struct Event {
  const char* file;
  const char* rail;
};
constexpr Event events[] = {
    {"energy-pkg", "package"}, {"energy-cores", "core"}, {"energy-gpu", "gpu"}, {"energy-ram", "dram"}};
constexpr Event platform_event{"energy-psys", "psys"};

struct Counter {
  Channel channel;
  std::unique_ptr<PerfCount> count;
  Joules unit;
};

struct Domain {
  std::string name;  // "package-0"
  int cpu = 0;
  std::vector<Counter> counters;
};

class RaplPerf final : public Sensor {
 public:
  explicit RaplPerf(Domain domain) : cpu_{std::to_string(domain.cpu)} {
    for (Counter& counter : domain.counters) {
      channels_.push_back(std::move(counter.channel));
      counts_.push_back(std::move(counter.count));
      units_.push_back(counter.unit);
    }
  }
  [[nodiscard]] std::string device() const override { return "power@cpu" + cpu_; }
  [[nodiscard]] std::span<const Channel> channels() const override { return channels_; }
  [[nodiscard]] std::map<std::string, std::string> mode() const override {
    return {{"interface", "perf events, PMU power on CPU " + cpu_}};
  }
  Result<Value> read(std::size_t channel) override {
    const auto count = counts_[channel]->read();
    if (!count) return count.error();
    return Value{units_[channel] * static_cast<double>(*count)};
  }

 private:
  std::string cpu_;
  std::vector<Channel> channels_;
  std::vector<std::unique_ptr<PerfCount>> counts_;
  std::vector<Joules> units_;
};

// "0,28" and "0-1".
Result<std::vector<int>> cpus_in(const std::string& mask, const std::string& where) {
  std::vector<int> cpus;
  for (const std::string_view part : text::fields(mask, ',')) {
    const std::size_t dash = part.find('-');
    const auto first = text::integer(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : text::integer(part.substr(dash + 1));
    if (!first || !last || *first < 0 || *last > 65535 || *first > *last ||
        static_cast<std::size_t>(*last - *first) >= most_cpus - cpus.size())
      return Error{Errc::malformed, where, "expected some processors, as 0,28"};
    for (long long cpu = *first; cpu <= *last; ++cpu) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

// "event=0x02": the number of the only term that this PMU has.
std::optional<std::uint64_t> number_of(std::string_view event) {
  constexpr std::string_view start = "event=0x";
  if (!event.starts_with(start)) return std::nullopt;
  event.remove_prefix(start.size());
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(event.data(), event.data() + event.size(), number, 16);
  if (failure != std::errc{} || end != event.data() + event.size()) return std::nullopt;
  return number;
}

// Intel's Sapphire Rapids and Emerald Rapids: family 6, models 143 and 207 (arch/x86/include/asm/
// intel-family.h).
bool shows_psys_unseen(const Machine& machine) {
  const std::string text = machine.read("/proc/cpuinfo").value_or(std::string{});
  const auto says = [&](const char* line) { return text.find(line) != std::string::npos; };
  return says("GenuineIntel") && says("cpu family\t: 6\n") &&
         (says("model\t\t: 143\n") || says("model\t\t: 207\n"));
}

class Search {
 public:
  Search(const Machine& machine, const OpenPerfCount& open) : machine_{machine}, open_{open} {}
  Found found() &&;

 private:
  void add_domains(std::uint32_t type, const std::vector<int>& cpus);
  void add_counter(const Event& event, std::uint32_t type, Domain& domain);
  [[nodiscard]] Result<Counter> opened(const Event& event, std::uint32_t type, const Domain& domain);
  [[nodiscard]] std::string package_of(int cpu, bool with_die) const;

  const Machine& machine_;
  const OpenPerfCount& open_;
  std::vector<Domain> domains_;
  std::string closed_, closed_event_;  // names of what this user may not count, and one of the events
  std::vector<Skipped> skipped_;
};

// As powercap names it. A processor of several dies has a counter in each.
std::string Search::package_of(int cpu, bool with_die) const {
  const path topology = path{"/sys/devices/system/cpu"} / ("cpu" + std::to_string(cpu)) / "topology";
  const auto package = machine_.read_integer(topology / "physical_package_id");
  if (!package) return "package-of-cpu" + std::to_string(cpu);
  const std::string name = "package-" + std::to_string(*package);
  const auto die = machine_.read_integer(topology / "die_id");
  return with_die && die ? name + "-die-" + std::to_string(*die) : name;
}

Result<Counter> Search::opened(const Event& event, std::uint32_t type, const Domain& domain) {
  const path file = pmu / "events" / event.file;
  const std::string where = machine_.locate(file).string();
  const auto text = machine_.read(file);
  if (!text) return text.error();
  const auto config = number_of(*text);
  if (!config) return Error{Errc::malformed, where, "expected event=0x and a number"};
  const auto unit = machine_.read(file.string() + ".unit");
  if (!unit) return unit.error();
  const auto scale = machine_.read(file.string() + ".scale");
  if (!scale) return scale.error();
  const auto joules = text::number(*scale);
  if (*unit != "Joules" || !joules || !(*joules > 0 && *joules <= 1))
    return Error{Errc::malformed, where, "expected a scale, up to 1, in Joules"};
  auto count = open_({type, *config, domain.cpu});
  if (!count) return count.error();
  const auto first = (*count)->read();
  if (!first) return first.error();
  const bool whole = event.rail == std::string_view{"package"};
  Counter counter{{}, std::move(*count), Joules{*joules}};
  counter.channel.rail = whole ? domain.name : event.rail;
  counter.channel.meaning = Meaning::energy_total;
  counter.channel.refresh = rapl::refresh;
  return counter;
}

void Search::add_counter(const Event& event, std::uint32_t type, Domain& domain) {
  if (!machine_.exists(pmu / "events" / event.file)) return;
  auto counter = opened(event, type, domain);
  if (counter) {
    domain.counters.push_back(std::move(*counter));
  } else if (counter.error().code == Errc::permission) {
    closed_ += (closed_.empty() ? "" : ", ") + std::string{event.file};
    closed_event_ = counter.error().where + ": " + counter.error().detail;
  } else {
    skipped_.push_back(sysfs::skipped(domain.name + " " + event.file, counter.error()));
  }
}

void Search::add_domains(std::uint32_t type, const std::vector<int>& cpus) {
  std::set<std::string> names;
  for (const int cpu : cpus) names.insert(package_of(cpu, false));
  const bool with_die = names.size() < cpus.size();
  for (const int cpu : cpus) {
    Domain domain{package_of(cpu, with_die), cpu, {}};
    for (const Event& event : events) add_counter(event, type, domain);
    domains_.push_back(std::move(domain));
  }
  if (shows_psys_unseen(machine_) && machine_.exists(pmu / "events" / platform_event.file))
    return skipped_.push_back({"rapl_perf psys",
                               "of this processor the kernel shows it whether or not the board's maker "
                               "connected it, and it counts whole joules",
                               ""});
  Domain platform{"psys", cpus.front(), {}};
  add_counter(platform_event, type, platform);
  domains_.push_back(std::move(platform));
}

Found Search::found() && {
  if (!machine_.exists(pmu)) return {};
  const auto type = machine_.read_integer(pmu / "type");
  const auto mask = machine_.read(pmu / "cpumask");
  const auto cpus = mask.and_then(
      [&](const std::string& text) { return cpus_in(text, machine_.locate(pmu / "cpumask").string()); });
  if (!type || !cpus || *type < 0 || *type > 0x7fffffff) {
    const Error error = !type   ? type.error()
                        : !cpus ? cpus.error()
                                : Error{Errc::malformed, machine_.locate(pmu / "type").string(),
                                        "expected a number of a PMU"};
    return {{}, {sysfs::skipped("rapl_perf", error)}};
  }
  add_domains(static_cast<std::uint32_t>(*type), *cpus);
  std::vector<rapl::Domain> rails;
  for (Domain& domain : domains_) {
    if (domain.counters.empty()) continue;
    rails.push_back({domain.name, {}});
    for (Counter& counter : domain.counters) rails.back().channels.push_back(&counter.channel);
  }
  rapl::name_apart(rails);
  rapl::set_containment(rails);
  if (!closed_.empty())
    skipped_.push_back({"rapl_perf " + closed_, closed_event_ + "; " + rapl::closed_because, to_count});
  Found found;
  for (Domain& domain : domains_)
    if (!domain.counters.empty()) found.sensors.push_back(std::make_unique<RaplPerf>(std::move(domain)));
  found.skipped = std::move(skipped_);
  return found;
}

}  // namespace

Found probe(const Machine& machine, const OpenPerfCount& open) { return Search{machine, open}.found(); }

}  // namespace layerwatt::rapl_perf

namespace layerwatt {

namespace {

Found probe(const Machine& machine, const Workload&) {
  if (!machine.is_recorded()) return rapl_perf::probe(machine, open_perf_count);
  if (!machine.exists(rapl_perf::pmu)) return {};
  return {{}, {{"rapl_perf", "events of a recorded machine cannot be counted", ""}}};
}

}  // namespace

extern const SensorDriver rapl_perf_driver;
const SensorDriver rapl_perf_driver{
    "rapl_perf", "energy counters of x86 processors through perf events (RAPL)", Origin::measured, probe};

}  // namespace layerwatt
