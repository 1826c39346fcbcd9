// SPDX-License-Identifier: Apache-2.0
// What a mark costs: marker.h with and without a parent, beside what a program would do instead. The marking
// program runs as a child, as it does under layerwatt, while this process drains the ring. Exit code 1 when a
// limit is missed.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <layerwatt/marker.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "markers/ring.h"

namespace {

using namespace layerwatt;

constexpr int pairs = 2000;   // of one batch; far less than a ring holds
constexpr int batches = 101;  // the median is reported: other load on the machine does not count
constexpr double limit_with_parent = 100, limit_without = 5;  // ns a begin/end pair

template <class Pair>
void measure(const char* name, Pair pair) {
  std::vector<double> times;
  for (int batch = 0; batch < batches; ++batch) {
    const std::uint64_t begin = lw_now();
    for (int i = 0; i < pairs; ++i) {
      pair();
      benchmark::ClobberMemory();
    }
    times.push_back(static_cast<double>(lw_now() - begin) / pairs);
    ::usleep(500);  // the ring is drained meanwhile
  }
  std::nth_element(times.begin(), times.begin() + batches / 2, times.end());
  std::printf("%s %.3f\n", name, times[batches / 2]);
}

void measure_alternatives() {
  measure("clock", [] {
    benchmark::DoNotOptimize(lw_now());
    benchmark::DoNotOptimize(lw_now());
  });
  std::mutex mutex;
  std::vector<std::pair<std::string_view, std::uint64_t>> kept;
  const auto keep = [&](std::string_view name) {
    const std::lock_guard lock{mutex};
    kept.emplace_back(name, lw_now());
  };
  measure("vector", [&] {
    keep("conv1");
    keep("conv1");
  });
  std::ofstream stream{"/dev/shm/layerwatt-bench-markers.log"};
  measure("ofstream", [&] {
    stream << "begin conv1 " << lw_now() << '\n';
    stream << "end conv1 " << lw_now() << '\n';
  });
  std::FILE* file = std::fopen("/dev/shm/layerwatt-bench-markers.log", "w");
  if (file == nullptr) return;
  const auto print = [&](const char* word) {
    std::fprintf(file, "%s conv1 %llu\n", word, static_cast<unsigned long long>(lw_now()));
  };
  measure("fprintf", [&] {
    print("begin");
    print("end");
  });
  std::fclose(file);
  ::unlink("/dev/shm/layerwatt-bench-markers.log");
}

int run_as_child(std::string_view what) {
  const lw_name_t name = lw_name("conv1");
  const bool listening = lw_prepare() == 1;
  if (listening != (what == "with")) return 1;
  measure(listening ? "with parent" : "without parent", [name] {
    lw_begin(name);
    lw_end(name);
  });
  if (listening)
    measure("stamps given", [name] {
      lw_begin_at(name, 1, 0);
      lw_end_at(name, 2, 0);
    });
  else
    measure_alternatives();
  return 0;
}

class Discard final : public MarkSink {
 public:
  void mark(const Mark& mark) override { benchmark::DoNotOptimize(mark.at); }
};

// Runs this program again as a child that measures, drains its ring, and gives what it printed.
std::string run_child(const char* what, MarkRing& ring) {
  constexpr int ring_number = 9;
  int output[2];
  if (::pipe2(output, O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(output[1], STDOUT_FILENO);
    ::dup2(ring.descriptor(), ring_number);
    ::unsetenv(mark_ring_variable);
    if (std::string_view{what} == "with") ::setenv(mark_ring_variable, "9", 1);
    ::execl("/proc/self/exe", "markers", "--child", what, nullptr);
    ::_exit(127);
  }
  ::close(output[1]);
  Discard sink;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    ring.drain(sink);
    ::usleep(200);
  }
  ring.drain(sink);
  std::string text(1 << 12, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(output[0], text.data(), text.size()))));
  ::close(output[0]);
  return status == 0 ? text : std::string{};
}

std::map<std::string, double> parse(const std::string& text) {
  std::map<std::string, double> times;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    times[line.substr(0, line.rfind(' '))] = std::stod(line.substr(line.rfind(' ')));
    at = end + 1;
  }
  return times;
}

bool show(const std::map<std::string, double>& times, const MarkRing& ring) {
  const double with = times.at("with parent"), without = times.at("without parent");
  const std::pair<const char*, const char*> rows[] = {
      {"without parent", "marker.h, no parent"},     {"with parent", "marker.h, drained by a parent"},
      {"stamps given", "  of which the ring alone"}, {"clock", "  two clock_gettime alone"},
      {"vector", "vector under a mutex + clock"},    {"fprintf", "fprintf a log line + clock"},
      {"ofstream", "ofstream a log line + clock"},
  };
  fmt::print("{:34}{:>10}{:>12}\n", "a begin/end pair", "ns", "x marker.h");
  for (const auto& [key, label] : rows)
    fmt::print("{:34}{:10.2f}{:12.2f}\n", label, times.at(key), times.at(key) / with);
  const MarkCounts counts = ring.counts();
  fmt::print("marks read {}, dropped {}, damaged {}\n", counts.written, counts.dropped, counts.damaged);
  const bool held = with < limit_with_parent && without < limit_without;
  fmt::print("limits: {:.0f} ns with a parent, {:.0f} ns without: {}\n", limit_with_parent, limit_without,
             held ? "held" : "MISSED");
  return held;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 3 && std::string_view{arguments[1]} == "--child") return run_as_child(arguments[2]);
  auto ring = MarkRing::create();
  if (!ring) {
    fmt::print(stderr, "{}: {}\n", ring.error().where, ring.error().detail);
    return 1;
  }
  auto times = parse(run_child("without", *ring));
  times.merge(parse(run_child("with", *ring)));
  if (times.size() != 7) {
    fmt::print(stderr, "the marking child failed\n");
    return 1;
  }
  return show(times, *ring) ? 0 : 1;
}
