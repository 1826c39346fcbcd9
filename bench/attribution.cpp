// SPDX-License-Identifier: Apache-2.0
// What it costs to find out where the energy of a long run went: layerwatt's methods beside the script that
// one would write in Python (attribution_pandas.py: merge_asof and groupby). 30 000 inferences of 66 layers,
// and three rails read at 1 kHz for 8.5 minutes. SIMULATED readings. Fails below `asked` times the script's
// speed, in seconds of one processor, since other programs may want it, too. merge_asof and groupby are
// compiled loops themselves, so a bare pass over the data is timed beside both: it is what nothing can beat.
// Of attributing, 43 % are the walk along spans and readings, once a rail: a read takes 0.17 ms and a layer
// 0.23 ms, so most reads count for two. 21 % are the exact quantiles, a pass over the spans and two over
// durations put apart by layer; 17 % the courses of power, two passes over the readings; 12 % and 6 % the
// checks of spans and of readings. What bounds it is the processor, not memory: of a run that fits into its
// cache each span and reading takes as long. Foreseeable branches, eight spans compared at a time, and reads
// within one layer told apart first were tried, and none was faster.
//   bench/attribution [INFERENCES [ROUNDS]]
// Needs pandas, which no part of layerwatt needs: `apt-get install python3-pandas`. Without it nothing can be
// judged: it says so and ends with 3.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "attribution/profile.h"
#include "memory.h"
#include "simulation/scenario.h"
#include "timeline/run_file.h"

namespace layerwatt {
namespace {

using Stopwatch = std::chrono::steady_clock;
using Path = std::filesystem::path;

constexpr double asked = 50;  // times faster than pandas, at the same job
constexpr std::uint32_t layers = 66, rails = 3;

int complain(const Error& error) {
  fmt::print(stderr, "attribution: {}: {}\n", error.where, error.detail);
  return 1;
}

double seconds_since(Stopwatch::time_point start) {
  return std::chrono::duration<double>(Stopwatch::now() - start).count();
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

int make(const Path& path, std::uint32_t inferences) {
  simulation::Scenario scenario;
  scenario.network.layers = layers;
  scenario.network.length = simulation::microseconds(15'000);  // and a gap of 2 ms: 17 ms an inference
  scenario.run.inferences = inferences;
  scenario.sensor.kind = simulation::SensorKind::polled;
  scenario.sensor.rails = rails;
  scenario.sensor.period = simulation::microseconds(1'000);
  scenario.sensor.lag = simulation::microseconds(500);
  const auto run = simulation::simulate(scenario);
  if (!run) return complain(run.error());
  const auto written = write_run_file(path, run->timeline, false);
  return written ? 0 : complain(written.error());
}

// Looks at every span and reading once: nothing that attributes can be faster.
double bare_pass(const Timeline& timeline) {
  Nanoseconds spent{};
  double power = 0;
  for (const LayerSpan& span : timeline.spans) spent += span.end - span.begin;
  for (const RailRecord& rail : timeline.rails)
    for (const Reading& reading : rail.readings) power += std::get<Watts>(reading.value).value();
  return seconds(spent) + power;
}

// One reading and attributing of the run in a process of its own, told to the parent line by line.
int measure(const Path& path, const std::string& method) {
  const auto start = Stopwatch::now();
  const auto timeline = read_run_file(path);
  if (!timeline) return complain(timeline.error());
  fmt::print("load_s {}\nloaded_mib {}\n", seconds_since(start), mebibytes("VmRSS"));
  double begun = processor_seconds();
  const double sum = bare_pass(*timeline);
  fmt::print("pass_s {}\nsum {}\n", processor_seconds() - begun, sum);
  forget_peak();
  AttributionOptions options;
  options.method = method;
  begun = processor_seconds();
  const auto profile = attribute(*timeline, options);
  if (!profile) return complain(profile.error());
  fmt::print("attribute_s {}\npeak_mib {}\n", processor_seconds() - begun, mebibytes("VmHWM"));
  for (std::size_t r = 0; r < profile->rails.size(); ++r)
    for (std::size_t l = 0; l < profile->layers.size(); ++l)
      if (const auto power = profile->rails[r].layers[l].power)
        fmt::print("power.{}.{} {}\n", r, l, power->value());
  return 0;
}

using Measured = std::map<std::string, double>;

// Runs a command that prints names and numbers. Empty when it failed.
Measured told_by(const std::string& command) {
  Measured told;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return told;
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t size = fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), size);
  if (pclose(pipe) != 0) return {};
  std::istringstream lines{text};
  std::string name;
  for (double value = 0; lines >> name >> value;) told[name] = value;
  return told;
}

// The quickest of the rounds, each stage by itself.
void keep_best(Measured& best, const Measured& round) {
  for (const auto& [name, value] : round) {
    const auto known = best.emplace(name, value).first;
    known->second = std::min(known->second, value);
  }
}

std::optional<std::string> python_with_pandas() {
  for (const char* python : {"python3", "/usr/bin/python3"})
    if (std::system(fmt::format("{} -c 'import pandas' 2>/dev/null", python).c_str()) == 0) return python;
  return std::nullopt;
}

void print_row(const std::string& what, const char* name, const Measured& ours, const Measured& forward,
               const Measured& pandas) {
  const double a = ours.at(name), b = forward.at(name), c = pandas.at(name);
  fmt::print("{:22} {:>13.3f} {:>10.3f} {:>10.3f} {:>15.1f} {:>10.1f}\n", what, a, b, c, c / a, c / b);
}

// How far the two ways to map readings agree on the layers' powers: that they do the same job.
void print_agreement(const Measured& ours, const Measured& pandas) {
  std::vector<double> differences;
  for (const auto& [name, power] : ours) {
    const auto theirs = pandas.find(name);
    if (name.starts_with("power.") && theirs != pandas.end())
      differences.push_back(std::abs(theirs->second / power - 1));
  }
  std::sort(differences.begin(), differences.end());
  if (differences.empty()) return;
  fmt::print(
      "powers of {} of {} layers: pandas and chronological differ by {:.2f} % (median), {:.1f} % (most)\n",
      differences.size(), layers * rails, 100 * differences[differences.size() / 2],
      100 * differences.back());
}

int judge(const Measured& ours, const Measured& forward, const Measured& pandas) {
  fmt::print("                       chronological    forward     pandas  pandas/chron.  /forward\n");
  print_row("attribute, CPU s", "attribute_s", ours, forward, pandas);
  print_row("load, s", "load_s", ours, forward, pandas);
  print_row("loaded, MiB", "loaded_mib", ours, forward, pandas);
  print_row("peak of attribute, MiB", "peak_mib", ours, forward, pandas);
  print_agreement(ours, pandas);
  const double attributing = ours.at("attribute_s"), theirs = pandas.at("attribute_s");
  fmt::print("one bare pass over all spans and readings: {:.3f} s, pandas takes {:.0f} times that\n",
             ours.at("pass_s"), theirs / ours.at("pass_s"));
  fmt::print("with loading: {:.1f} times faster than pandas\n",
             (theirs + pandas.at("load_s")) / (attributing + ours.at("load_s")));
  const double ratio = theirs / attributing;
  fmt::print("without: {:.1f} times, asked are {}: {}\n", ratio, asked, ratio >= asked ? "met" : "MISSED");
  return ratio >= asked ? 0 : 1;
}

int bench(std::uint32_t inferences, int rounds, const Path& folder) {
  const auto python = python_with_pandas();
  if (!python) {
    fmt::print(stderr,
               "attribution: SKIPPED, nothing judged: no python3 has pandas. "
               "`apt-get install python3-pandas` brings it.\n");
    return 3;
  }
  const std::string self = std::filesystem::read_symlink("/proc/self/exe"), run = folder / "bench.lw";
  if (std::system(fmt::format("'{}' make '{}' {}", self, run, inferences).c_str()) != 0) return 1;
  Measured ours, forward, pandas;
  for (int round = 0; round < rounds; ++round) {  // in turn, so that a busy moment of the machine hits all
    keep_best(ours, told_by(fmt::format("'{}' measure '{}' chronological", self, run)));
    keep_best(pandas, told_by(fmt::format("{} '{}' '{}'", *python, LAYERWATT_PANDAS_SCRIPT, run)));
    keep_best(forward, told_by(fmt::format("'{}' measure '{}' forward", self, run)));
  }
  for (const Measured* one : {&ours, &forward, &pandas})
    if (!one->contains("attribute_s")) return complain({Errc::io, "a measurement", "failed; see above"});
  double load = 0;
  std::ifstream{"/proc/loadavg"} >> load;
  fmt::print(
      "{} inferences x {} layers, {} rails x {:.0f} readings, SIMULATED; best of {}; machine load {:.1f}\n",
      inferences, layers, rails, pandas.at("readings") / rails, rounds, load);
  return judge(ours, forward, pandas);
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 3 && words[0] == "make")
    return make(words[1], static_cast<std::uint32_t>(std::stoul(words[2])));
  if (words.size() == 3 && words[0] == "measure") return measure(words[1], words[2]);
  const auto number = [&](std::size_t at, unsigned long otherwise) {
    return words.size() > at ? std::strtoul(words[at].c_str(), nullptr, 10) : otherwise;
  };
  const auto inferences = number(0, 30'000), rounds = number(1, 3);
  if (words.size() > 2 || inferences < 10 || inferences > 1'000'000 || rounds < 1 || rounds > 100) {
    fmt::print(stderr, "usage: attribution [INFERENCES [ROUNDS]]   needs python3-pandas\n");
    return 2;
  }
  std::string folder = (std::filesystem::temp_directory_path() / "layerwatt_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  const int outcome = bench(static_cast<std::uint32_t>(inferences), static_cast<int>(rounds), folder);
  std::filesystem::remove_all(folder);
  return outcome;
}

}  // namespace
}  // namespace layerwatt

int main(int argc, char** argv) { return layerwatt::run({argv + 1, argv + argc}); }
