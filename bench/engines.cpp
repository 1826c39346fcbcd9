// SPDX-License-Identifier: Apache-2.0
// What layerwatt adds to the engines that it runs. Latency without marks against a minimal loop on ONNX
// Runtime, and onednn against ONNX Runtime's best level, turn by turn in one process, so that load and clocks
// hit all alike; and the peak memory of layerwatt-runner against a process that has nothing but the loop.
// Exit code 1 when a limit is missed, 3 when the machine was too busy to tell.
//   bench/engines [TURNS]
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/median.h"
#include "core/private_folder.h"
#include "engines/engine.h"
#include "memory.h"
#include "plain_session.h"
#include "session/runner_process.h"

namespace layerwatt {
namespace {

using Path = std::filesystem::path;
using Milliseconds = std::vector<double>;

constexpr double most_onnxruntime = 1.02;  // of the minimal loop
constexpr double most_onednn = 1.25;       // of ONNX Runtime's best level
constexpr double most_marks = 1.02;        // of onednn without marks
constexpr double most_memory = 1.2;        // of the minimal loop's
constexpr int memory_inferences = 20;

class Nowhere final : public SpanSink {
 public:
  void layer(std::uint32_t, Instant, Instant) override {}
};

std::unique_ptr<Engine> opened(const std::string& name, const Path& model, int threads) {
  EngineOptions options;
  options.threads = threads;
  options.hook_folder = LAYERWATT_BUILD;
  options.private_folder = model.parent_path();
  const Network network = or_exit(read_onnx(model));
  for (const EngineDriver* driver : engine_drivers())
    if (driver->name == name) return or_exit(driver->open(Machine::host(), model, network, options));
  fmt::print(stderr, "engine {} is not built in\n", name);
  std::exit(3);
}

// Ratios turn by turn, and what half of them differ by from the median: a busy machine spreads them.
struct Ratio {
  double middle, spread;
};

Ratio ratio(const Milliseconds& of, const Milliseconds& to) {
  Milliseconds ratios, off;
  for (std::size_t i = 0; i < of.size(); ++i) ratios.push_back(of[i] / to[i]);
  const double middle = median(ratios);
  for (const double one : ratios) off.push_back(std::abs(one - middle));
  // Of the median of n values: 1.25 sigma / sqrt(n), and sigma is 1.48 median deviations where they are
  // normal.
  return {middle, 1.96 * 1.25 * 1.48 * median(off) / std::sqrt(static_cast<double>(ratios.size()))};
}

enum class Verdict { held, undecided, missed };

Verdict judge(const std::string& what, const Ratio& found, double most) {
  const Verdict verdict = found.middle + found.spread <= most   ? Verdict::held
                          : found.middle - found.spread <= most ? Verdict::undecided
                                                                : Verdict::missed;
  constexpr std::array<const char*, 3> words{"held", "undecided: too busy a machine", "MISSED"};
  fmt::print("  {:34}{:7.3f} +- {:.3f}   at most {:.2f}: {}\n", what, found.middle, found.spread, most,
             words[static_cast<std::size_t>(verdict)]);
  return verdict;
}

double milliseconds(const std::function<Result<void>()>& run) {
  const Instant begin = system_clock().now();
  if (const auto done = run(); !done) {
    fmt::print(stderr, "{}: {}\n", done.error().where, done.error().detail);
    std::exit(1);
  }
  return seconds(system_clock().now() - begin) * 1e3;
}

std::vector<Verdict> compare_latency(const Path& model, int threads, int turns) {
  const OnnxruntimeLibrary library = or_exit(open_onnxruntime(Machine::host(), {}));
  PlainSession plain{model, library, threads};
  const auto engine = opened("onnxruntime", model, threads), other = opened("onednn", model, threads);
  const auto onnxruntime = or_exit(engine->make_context()), onednn = or_exit(other->make_context());
  Nowhere nowhere;
  const std::array<std::function<Result<void>()>, 4> runs{
      [&] { return plain.run(); }, [&] { return onnxruntime->compute(); }, [&] { return onednn->compute(); },
      [&] { return onednn->compute_marked(nowhere); }};
  std::array<Milliseconds, 4> took;
  for (int turn = 0; turn < turns; ++turn)
    for (std::size_t i = 0; i < runs.size(); ++i) {
      (void)milliseconds(runs[i]);  // the others have had the caches
      took[i].push_back(milliseconds(runs[i]));
    }
  fmt::print("  ms: loop {:.3f}, onnxruntime {:.3f}, onednn {:.3f}, onednn marked {:.3f}\n", median(took[0]),
             median(took[1]), median(took[2]), median(took[3]));
  return {judge("onnxruntime / minimal loop", ratio(took[1], took[0]), most_onnxruntime),
          judge("onednn / minimal loop", ratio(took[2], took[0]), most_onednn),
          judge("onednn marked / unmarked", ratio(took[3], took[2]), most_marks)};
}

// ---- Memory: each in a process of its own ---------------------------------------------------------------

// What `self loop ENGINE MODEL` prints: the peak of a process with nothing but the engine and a loop. For
// onednn that is our engine: whoever uses the library would make the same primitives.
int loop(const std::string& engine, const Path& model) {
  const auto run = [](auto&& one) {
    for (int i = 0; i < memory_inferences; ++i)
      if (!one()) std::exit(1);
  };
  if (engine == "onnxruntime") {
    const OnnxruntimeLibrary library = or_exit(open_onnxruntime(Machine::host(), {}));
    PlainSession plain{model, library};
    run([&] { return plain.run(); });
  } else {
    const auto opened_engine = opened(engine, model, 1);
    const auto ours = or_exit(opened_engine->make_context());
    run([&] { return ours->compute(); });
  }
  fmt::print("{}\n", mebibytes("VmHWM"));
  return 0;
}

double peak_of_loop(const std::string& engine, const Path& model) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  FILE* pipe = popen(fmt::format("'{}' loop {} '{}'", self, engine, model.string()).c_str(), "r");
  double peak = 0;
  if (pipe == nullptr || std::fscanf(pipe, "%lf", &peak) != 1 || pclose(pipe) != 0) std::exit(1);
  return peak;
}

double peak_of_runner(const std::string& engine, const Path& model) {
  RunnerOptions options;
  options.program = LAYERWATT_BUILD "/layerwatt-runner";
  RunnerProcess runner = or_exit(RunnerProcess::start(options));
  (void)or_exit(runner.ask({{"do", "open"},
                            {"model", model.string()},
                            {"engine", engine},
                            {"private_folder", model.parent_path().string()}}));
  (void)or_exit(runner.ask({{"do", "run"}, {"marked", false}, {"count", memory_inferences}}));
  return mebibytes("VmHWM", fmt::format("/proc/{}/status", runner.pid()));
}

Verdict compare_memory(const std::string& engine, const Path& model) {
  const double loop = peak_of_loop(engine, model), runner = peak_of_runner(engine, model);
  fmt::print("  {:34}loop {:.0f} MiB, layerwatt-runner {:.0f} MiB\n", engine + ", peak memory", loop, runner);
  return judge(engine + ", runner / loop", {runner / loop, 0}, most_memory);
}

int bench(int turns) {
  const auto folder = or_exit(PrivateFolder::create());
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  std::vector<Verdict> all;
  fmt::print("medians of {} turns, with the 95 % interval of the median; machine load ", turns);
  double load = 0;
  std::ifstream{"/proc/loadavg"} >> load;
  fmt::print("{:.1f}\n", load);
  for (const char* name : {"squeezenet1.1", "resnet18", "mobilenet_v2"}) {
    const Path model = folder.path() / (std::string{name} + ".onnx");
    if (const auto written = write_zoo_network(name, 1, model); !written) return 1;
    std::set<int> counts{1};
    if (cores > 2) counts.insert(cores - 1);
    for (const int threads : counts) {
      fmt::print("{}, {} thread{}\n", name, threads, threads == 1 ? "" : "s");
      for (const Verdict verdict : compare_latency(model, threads, turns)) all.push_back(verdict);
    }
    for (const char* engine : {"onnxruntime", "onednn"}) all.push_back(compare_memory(engine, model));
  }
  const Verdict worst = *std::max_element(all.begin(), all.end());
  return worst == Verdict::missed ? 1 : worst == Verdict::undecided ? 3 : 0;
}

}  // namespace
}  // namespace layerwatt

int main(int count, char** words) {
  if (count == 4 && std::string{words[1]} == "loop") return layerwatt::loop(words[2], words[3]);
  const int turns = count > 1 ? std::atoi(words[1]) : 101;
  if (count > 2 || turns < 5) {
    fmt::print(stderr, "usage: engines [TURNS]   at least 5\n");
    return 2;
  }
  return layerwatt::bench(turns);
}
