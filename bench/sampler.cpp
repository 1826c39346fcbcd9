// SPDX-License-Identifier: Apache-2.0
// What sampling costs: 3 rails at 1 kHz from a board's tree in tmpfs, beside an empty loop that only sleeps
// and a loop that opens its files anew, as scripts do. The three take turns in short pieces, so that other
// load meets all of them alike. Exit code 1 when a limit is missed.
#include "session/sampler.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <new>
#include <thread>

#include "core/temporary_tree.h"
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

constexpr Nanoseconds period = 1ms;
constexpr Nanoseconds piece = 400ms;       // of one loop, before the next has its turn
constexpr double most_above_empty = 0.5;   // % of a core
constexpr double least_times_cheaper = 5;  // than opening files anew, both above the empty loop
constexpr double most_lateness = 1.1;      // 99th percentile, of the empty loop's

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values.at(values.size() / 2);
}

// What one of the three loops did, turn by turn. The median of the turns is reported: a burst of other load
// on the machine does not count.
struct Account {
  std::vector<double> percent;  // of a core
  std::vector<double> median_lateness_us, late_lateness_us;
  long allocations = 0, ticks = 0;

  void add_turn(Nanoseconds cpu, Nanoseconds elapsed, std::vector<double>& lateness_us) {
    std::sort(lateness_us.begin(), lateness_us.end());
    const auto part = [&](double p) {
      return lateness_us.at(static_cast<std::size_t>(p * static_cast<double>(lateness_us.size() - 1)));
    };
    percent.push_back(100 * seconds(cpu) / seconds(elapsed));
    median_lateness_us.push_back(part(0.5));
    late_lateness_us.push_back(part(0.99));
    ticks += static_cast<long>(lateness_us.size());
    lateness_us.clear();
  }
};

// Turns are paired: the loops of one turn meet the same machine.
double median_difference(const Account& one, const Account& other) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < one.percent.size(); ++i)
    differences.push_back(one.percent[i] - other.percent[i]);
  return median(differences);
}

Nanoseconds clock_of(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::chrono::seconds{t.tv_sec} + Nanoseconds{t.tv_nsec};
}

// Sleeps from grid point to grid point and calls `work` at each: no more than any such loop must do.
void run_loop(const std::function<void()>& work, std::optional<int> core, Account& account) {
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
void run_sampler(Sampler& sampler, Account& account) {
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

// The files that a script would read for the same three powers.
std::vector<std::string> value_files(const TemporaryTree& tree) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{tree.root()}) {
    const std::string name = entry.path().filename();
    for (const char* wanted : {"in_power0_input", "in_power1_input", "in_power2_input", "in1_input",
                               "in2_input", "in3_input", "curr1_input", "curr2_input", "curr3_input"})
      if (name == wanted) files.push_back(entry.path());
  }
  return files;
}

bool check(bool holds, const std::string& claim) {
  fmt::print("  {}  {}\n", holds ? "holds " : "MISSED", claim);
  return holds;
}

bool report(const Account& empty, const Account& sampler, const Account& reopening,
            const SamplerRecord& record) {
  const auto row = [](const char* name, const Account& account) {
    fmt::print(
        "  {:<20} {:6.3f} % of a core   late by {:5.1f} us (median) {:6.1f} us (99 %)   {:.2f} allocations a "
        "tick\n",
        name, median(account.percent), median(account.median_lateness_us), median(account.late_lateness_us),
        static_cast<double>(account.allocations) / static_cast<double>(account.ticks));
  };
  row("empty loop", empty);
  row("sampler", sampler);
  row("opening files anew", reopening);
  fmt::print("  sampler: {} ticks, {} late, {} missed; real-time {}\n", record.ticks, record.late_ticks,
             record.missed_ticks, record.realtime ? "granted" : "refused");
  const double above = median_difference(sampler, empty);
  const double reopening_above = median_difference(reopening, empty);
  const double lateness = median(sampler.late_lateness_us) / median(empty.late_lateness_us);
  const std::array results{
      check(above <= most_above_empty,
            fmt::format("{:.3f} % above the empty loop, at most {} %", above, most_above_empty)),
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

bool compare(const std::string& board, int rounds) {
  TemporaryTree tree{std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp"};
  tree.copy(std::filesystem::path{LAYERWATT_FIXTURES} / "boards" / board);
  SamplerOptions options;
  options.period = period;
  options.dither = 0;  // the planned moments are the multiples of the period
  options.core = sampling_core();
  auto created =
      Sampler::create(tree.machine(), "ina3221", ina3221_driver.probe(tree.machine(), {}).sensors, options);
  if (!created) return check(false, created.error().detail);
  Sampler& sampler = **created;
  const std::vector<std::string> files = value_files(tree);
  // The same work otherwise: each value with a stamp before and after, and kept.
  std::vector<Reading> kept;
  kept.reserve(files.size() * static_cast<std::size_t>(piece / period + 2) *
               static_cast<std::size_t>(rounds));
  const auto reopen = [&] {
    for (const std::string& file : files) {
      const Instant before = system_clock().now();
      long long value = 0;
      std::ifstream{file} >> value;
      kept.push_back({before, system_clock().now(), Watts{static_cast<double>(value) * 1e-3}});
    }
  };
  const LockedMemory locked;  // for all three loops alike
  fmt::print("{}: {} rails at {} Hz, {} files, {} turns of {} ms each\n", board, sampler.rails().size(),
             1s / period, files.size(), rounds, piece / 1ms);
  Account empty, sampling, reopening;
  for (int round = 0; round < rounds; ++round) {
    run_loop([] {}, options.core, empty);
    run_sampler(sampler, sampling);
    run_loop(reopen, options.core, reopening);
  }
  return report(empty, sampling, reopening, sampler.finish()) && !kept.empty();
}

}  // namespace
}  // namespace layerwatt

// Arguments: the number of turns (default 40: 48 s), and the board's tree under tests/fixtures/boards.
int main(int count, char** arguments) {
  is_main_thread = true;
  const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 40;
  return layerwatt::compare(count > 2 ? arguments[2] : "jetson-nano-l4t32", rounds) ? 0 : 1;
}
