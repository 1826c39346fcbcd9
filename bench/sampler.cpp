// SPDX-License-Identifier: Apache-2.0
// What sampling costs: 3 rails and 10 at 1 kHz from a board's tree in tmpfs, beside an empty loop that only
// sleeps, one that does nothing but the reads, and one that opens its files anew, as scripts do. They take
// turns in short pieces, so that other load meets all of them alike. Exit code 1 when a limit is missed. Of a
// tree that takes its time, as tests/fuse mounts one, only the sampler's own part is judged; 77 when the
// machine is too busy to tell. The clock of the stamps is not what costs: CLOCK_MONOTONIC_RAW and
// CLOCK_MONOTONIC took 23 ns each on x86 with the tsc as clock source, without a system call.
#include "session/sampler.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <new>
#include <thread>

#include "core/descriptor.h"
#include "core/temporary_tree.h"
#include "session/core_share.h"
#include "session/realtime.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<long> allocations{0};
thread_local bool is_main_thread = false;

}  // namespace

// Every allocation of a thread other than the main one, while `counting`.
void* operator new(std::size_t size) {
  if (counting && !is_main_thread) ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace layerwatt {
extern const SensorDriver ina3221_driver;

namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds quick_period = 1ms;
constexpr Nanoseconds piece = 400ms;  // of one loop, before the next has its turn
constexpr int usual_rails = 3;
constexpr double most_above_empty = 0.5;   // % of a core, for so many rails; the same a read for more
constexpr double least_times_cheaper = 5;  // than opening files anew, both above the empty loop
constexpr double most_lateness = 1.1;      // 99th percentile, of the empty loop's
// Of a tree that takes its time: % of a core beyond the reads themselves, with reads that leave no pause, and
// the time of one. Three such reads fit into the slow period even on a busy machine.
constexpr double most_beyond_reads = 1;
constexpr Nanoseconds read_time = 300us, slow_period = 2ms;
constexpr int undecided = 77;

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values.at(values.size() / 2);
}

// What one of the loops did, turn by turn. The median of the turns is reported: a burst of other load
// on the machine does not count.
struct Account {
  std::vector<double> percent;  // of a core
  std::vector<double> tick_us;  // of its time, a tick: some turns have fewer
  std::vector<double> median_lateness_us, late_lateness_us;
  long allocations = 0, ticks = 0;

  void add_turn(Nanoseconds cpu, Nanoseconds elapsed, std::vector<double>& lateness_us) {
    std::sort(lateness_us.begin(), lateness_us.end());
    const auto part = [&](double p) {
      return lateness_us.at(static_cast<std::size_t>(p * static_cast<double>(lateness_us.size() - 1)));
    };
    percent.push_back(100 * seconds(cpu) / seconds(elapsed));
    tick_us.push_back(1e6 * seconds(cpu) / static_cast<double>(lateness_us.size()));
    median_lateness_us.push_back(part(0.5));
    late_lateness_us.push_back(part(0.99));
    ticks += static_cast<long>(lateness_us.size());
    lateness_us.clear();
  }
};

// Turns are paired: the loops of one turn meet the same machine.
std::vector<double> differences(const std::vector<double>& one, const std::vector<double>& other) {
  std::vector<double> result;
  for (std::size_t i = 0; i < one.size(); ++i) result.push_back(one[i] - other[i]);
  return result;
}

double median_difference(const Account& one, const Account& other) {
  return median(differences(one.percent, other.percent));
}

// Where the median lies, whatever the distribution: between the values whose ranks are two standard
// deviations of a fair coin's heads from the middle.
std::array<double, 2> interval_of_median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  const double reach = std::sqrt(count);
  const auto at = [&](double rank) {
    return values.at(static_cast<std::size_t>(std::clamp(rank, 0.0, count - 1)));
  };
  return {at(std::floor(count / 2 - reach)), at(std::ceil(count / 2 + reach))};
}

Nanoseconds clock_of(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::chrono::seconds{t.tv_sec} + Nanoseconds{t.tv_nsec};
}

// Sleeps from grid point to grid point and calls `work` at each: no more than any such loop must do.
void run_loop(const std::function<void()>& work, Nanoseconds period, std::optional<int> core,
              Account& account) {
  std::vector<double> lateness_us;
  lateness_us.reserve(static_cast<std::size_t>(piece / period) + 2);
  Nanoseconds cpu{}, elapsed{};
  std::thread{[&] {
    set_up_sampling_thread("bench", core, true);
    const Nanoseconds began = clock_of(CLOCK_MONOTONIC);
    allocations = 0;
    counting = true;
    for (Nanoseconds planned = began + period; planned < began + piece; planned += period) {
      timespec t{planned.count() / 1'000'000'000, planned.count() % 1'000'000'000};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
      lateness_us.push_back(seconds(clock_of(CLOCK_MONOTONIC) - planned) * 1e6);
      work();
    }
    counting = false;
    elapsed = clock_of(CLOCK_MONOTONIC) - began;
    cpu = clock_of(CLOCK_THREAD_CPUTIME_ID);
  }}.join();
  account.allocations += allocations;
  account.add_turn(cpu, elapsed, lateness_us);
}

// The sampler as a session uses it: resumed, its readings taken now and then, paused.
void run_sampler(Sampler& sampler, Nanoseconds period, Account& account) {
  std::vector<double> lateness_us;
  const SamplerRecord before = sampler.record();
  allocations = 0;
  sampler.resume();
  counting = true;
  const auto take = [&] {
    const auto taken = sampler.take({}, {});
    for (const Reading& reading : taken.front().readings)
      lateness_us.push_back(seconds(reading.before.time_since_epoch() % period) * 1e6);
  };
  const Instant began = system_clock().now();
  while (system_clock().now() < began + piece) {
    system_clock().sleep_until(system_clock().now() + 100ms);
    take();
  }
  counting = false;
  sampler.pause();
  take();
  account.allocations += allocations;
  const SamplerRecord after = sampler.record();
  account.add_turn(after.cpu_time - before.cpu_time, after.elapsed - before.elapsed, lateness_us);
}

// The files that a script would read for the same powers.
std::vector<std::string> value_files(const std::filesystem::path& root) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
    const std::string name = entry.path().filename();
    for (const char* wanted : {"in_power0_input", "in_power1_input", "in_power2_input", "in1_input",
                               "in2_input", "in3_input", "curr1_input", "curr2_input", "curr3_input"})
      if (name == wanted) files.push_back(entry.path());
  }
  return files;
}

// What is measured of one tree.
struct Subject {
  std::string name;
  Machine machine;
  Nanoseconds period;
  bool reopen = true;  // whether to compare with that, too
};

struct Outcome {
  std::size_t rails = 0, files = 0;
  Account empty, bare, sampling, reopening;
  SamplerRecord record;
};

Result<Outcome> measure(const Subject& subject, int rounds) {
  const std::filesystem::path root = subject.machine.locate("/");
  SamplerOptions options;
  options.period = subject.period;
  options.dither = 0;  // the planned moments are the multiples of the period
  options.core = sampling_core();
  auto created =
      Sampler::create(subject.machine, "ina3221", ina3221_driver.probe(subject.machine, {}).sensors, options);
  if (!created) return created.error();
  Sampler& sampler = **created;
  const std::vector<std::string> files = value_files(root);
  std::vector<Descriptor> held;
  for (const std::string& file : files) held.emplace_back(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  const auto read = [&] {
    std::array<char, 64> buffer{};
    for (const Descriptor& file : held)
      if (::pread(file.get(), buffer.data(), buffer.size(), 0) <= 0) std::abort();
  };
  // The sampler's work otherwise: each value with a stamp before and after, and kept.
  std::vector<Reading> kept;
  kept.reserve(files.size() * static_cast<std::size_t>(piece / options.period + 2) *
               static_cast<std::size_t>(rounds));
  const auto reopen = [&] {
    for (const std::string& file : files) {
      const Instant before = system_clock().now();
      long long value = 0;
      std::ifstream{file} >> value;
      kept.push_back({before, system_clock().now(), Watts{static_cast<double>(value) * 1e-3}});
    }
  };
  const LockedMemory locked;  // for all loops alike
  Outcome outcome;
  outcome.rails = sampler.rails().size();
  outcome.files = files.size();
  fmt::print("{}: {} rails at {} Hz, {} files, {} turns of {} ms each\n", subject.name, outcome.rails,
             1s / options.period, files.size(), rounds, piece / 1ms);
  for (int round = 0; round < rounds; ++round) {
    run_loop([] {}, options.period, options.core, outcome.empty);
    run_loop(read, options.period, options.core, outcome.bare);
    run_sampler(sampler, options.period, outcome.sampling);
    if (subject.reopen) run_loop(reopen, options.period, options.core, outcome.reopening);
  }
  outcome.record = sampler.finish();
  return outcome;
}

void print(const Outcome& outcome) {
  const auto row = [](const char* name, const Account& account) {
    fmt::print(
        "  {:<20} {:6.3f} % of a core   late by {:5.1f} us (median) {:6.1f} us (99 %)   {:.2f} allocations a "
        "tick\n",
        name, median(account.percent), median(account.median_lateness_us), median(account.late_lateness_us),
        static_cast<double>(account.allocations) / static_cast<double>(account.ticks));
  };
  row("empty loop", outcome.empty);
  row("reads alone", outcome.bare);
  row("sampler", outcome.sampling);
  if (outcome.reopening.ticks > 0) row("opening files anew", outcome.reopening);
  fmt::print("  sampler: {} ticks, {} late, {} missed; real-time {}\n", outcome.record.ticks,
             outcome.record.late_ticks, outcome.record.missed_ticks,
             outcome.record.realtime ? "granted" : "refused");
}

bool check(bool holds, const std::string& claim) {
  fmt::print("  {}  {}\n", holds ? "holds " : "MISSED", claim);
  return holds;
}

// Microseconds a read, from a part of a core.
double a_read(double percent, const Outcome& outcome, Nanoseconds period) {
  return percent / 100 * seconds(period) * 1e6 / static_cast<double>(outcome.rails);
}

bool judge(const Outcome& outcome, Nanoseconds period) {
  const auto& [rails, files, empty, bare, sampler, reopening, record] = outcome;
  const double most = most_above_empty * static_cast<double>(rails) / usual_rails;
  const double above = median_difference(sampler, empty);
  const double reopening_above = median_difference(reopening, empty);
  const double lateness = median(sampler.late_lateness_us) / median(empty.late_lateness_us);
  const std::array results{
      check(above <= most,
            fmt::format("{:.3f} % above the empty loop, at most {:.3g} %: {:.2f} us a read, of "
                        "which the read alone is {:.2f} us",
                        above, most, a_read(above, outcome, period),
                        a_read(median_difference(bare, empty), outcome, period))),
      check(reopening_above >= least_times_cheaper * above,
            fmt::format("{:.1f} times cheaper than opening files anew, at least {}", reopening_above / above,
                        least_times_cheaper)),
      check(lateness <= most_lateness,
            fmt::format("99th percentile of lateness {:.2f} times the empty loop's, at most {}", lateness,
                        most_lateness)),
      check(sampler.allocations == 0,
            fmt::format("{} allocations in the sampling thread, none allowed", sampler.allocations)),
      check(reopening.allocations > 0, "the counter of allocations counts: opening a file allocates")};
  return std::all_of(results.begin(), results.end(), [](bool holds) { return holds; });
}

// In a tree in tmpfs a read is a system call; here most of it is waiting, and waking up again, which no
// sampler can save. What the sampler adds is put at the rate at which one read follows the other.
int judge_beyond_reads(const Outcome& outcome) {
  const std::vector<double> beyond = differences(outcome.sampling.tick_us, outcome.bare.tick_us);
  const double to_percent = 100 / (seconds(read_time) * 1e6 * static_cast<double>(outcome.rails));
  auto [low, high] = interval_of_median(beyond);
  low *= to_percent;
  high *= to_percent;
  const std::string found = fmt::format(
      "{:.2f} % of a core beyond the reads ({:.2f} to {:.2f} %) when they leave no pause, at most {} %",
      median(beyond) * to_percent, low, high, most_beyond_reads);
  if (low <= most_beyond_reads && high > most_beyond_reads) {
    fmt::print("  UNDECIDED: {}: too much else runs here\n", found);
    return undecided;
  }
  return check(high <= most_beyond_reads, found) ? 0 : 1;
}

// A chip's folder of the tree under another address, its rails told apart by it.
void add_chip(const TemporaryTree& tree, const std::string& address) {
  const auto drivers = tree.at("/sys/bus/i2c/drivers/ina3221x");
  std::filesystem::copy(drivers / "6-0040", drivers / address, std::filesystem::copy_options::recursive);
}

// No board that is known has ten rails: four chips, as many as one bus has addresses for, and the last has
// one rail.
void make_ten_rails(const TemporaryTree& tree) {
  for (const char* address : {"6-0041", "6-0042", "6-0043"}) add_chip(tree, address);
  const std::filesystem::path last = "/sys/bus/i2c/drivers/ina3221x/6-0043/iio:device0";
  for (const char* rail : {"1", "2"}) {
    tree.put(last / ("rail_name_" + std::string{rail}), "NC\n");
    tree.remove(last / ("in_power" + std::string{rail} + "_input"));
  }
}

bool compare(const std::string& board, bool ten_rails, int rounds) {
  TemporaryTree tree{std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp"};
  tree.copy(std::filesystem::path{LAYERWATT_FIXTURES} / "boards" / board);
  if (ten_rails) make_ten_rails(tree);
  const auto outcome =
      measure({board + (ten_rails ? " with four chips" : ""), tree.machine(), quick_period}, rounds);
  if (!outcome) return check(false, outcome.error().detail);
  print(*outcome);
  if (ten_rails && !check(outcome->rails == 10 && outcome->files == 10, "ten rails are read")) return false;
  return judge(*outcome, quick_period);
}

int compare_mounted(const std::filesystem::path& root, int rounds) {
  const auto outcome = measure({root.string(), Machine{root, system_clock()}, slow_period, false}, rounds);
  if (!outcome) return check(false, outcome.error().detail) ? 0 : 1;
  print(*outcome);
  return judge_beyond_reads(*outcome);
}

}  // namespace
}  // namespace layerwatt

// Arguments: the number of turns (default 40: 64 s for each tree), and a board's tree under
// tests/fixtures/boards, or the absolute path of one that is mounted.
int main(int count, char** arguments) {
  using namespace layerwatt;
  is_main_thread = true;
  const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 40;
  const std::string board = count > 2 ? arguments[2] : "";
  if (board.starts_with('/')) return compare_mounted(board, rounds);
  if (!board.empty()) return compare(board, false, rounds) ? 0 : 1;
  const bool usual = compare("jetson-nano-l4t32", false, rounds);
  const bool ten = compare("jetson-nano-l4t32", true, rounds);
  return usual && ten ? 0 : 1;
}
