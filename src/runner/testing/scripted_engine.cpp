// SPDX-License-Identifier: Apache-2.0
// See scripted_engine.h.
#include "runner/testing/scripted_engine.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <limits>
#include <stdexcept>

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

class ScriptedContext final : public ExecutionContext {
 public:
  ScriptedContext(const Machine& machine, std::string level) : machine_{machine}, level_{std::move(level)} {}
  Result<void> load(std::uint64_t) override { return {}; }
  Result<void> compute() override { return act(); }
  Result<void> compute_marked(SpanSink& sink) override {
    const Instant begin = machine_.clock().now();
    sink.layer(0, begin, begin + 1us);
    sink.layer(1, begin + 1us, begin + 2us);
    machine_.clock().sleep_until(begin + 2us);
    return act();
  }
  Result<void> unload() override { return {}; }
  [[nodiscard]] std::span<const float> output() const override { return output_; }

 private:
  Result<void> act() {
    if (level_ == "error") return Error{Errc::io, "scripted", "told to fail"};
    if (level_ == "throw") throw std::runtime_error{"told to throw"};
    if (level_ == "crash") {
      std::fputs("these are my last words\n", stderr);
      // As a wild pointer would, but in a way that sanitizers leave alone.
      ::signal(SIGSEGV, SIG_DFL);
      ::raise(SIGSEGV);
    }
    if (level_ == "hang") ::pause();
    if (level_ == "exit") ::_exit(7);
    if (level_ == "talk") {
      std::fputs("on standard output\n", stdout);
      std::fflush(stdout);
      std::fputs("on standard error\n", stderr);
    }
    if (level_ == "slow") machine_.clock().sleep_until(machine_.clock().now() + 50ms);
    return {};
  }

  const Machine& machine_;
  std::string level_;
  std::array<float, 3> output_{0.25F, std::numeric_limits<float>::quiet_NaN(), -1.0F};
};

class ScriptedEngine final : public Engine {
 public:
  ScriptedEngine(const Machine& machine, EngineOptions options)
      : machine_{machine}, options_{std::move(options)} {
    for (const char* name : {"conv1", "relu1"}) {
      layers_.emplace_back();
      layers_.back().name = name;
      layers_.back().type = "Scripted";
    }
  }
  [[nodiscard]] std::map<std::string, std::string> circumstances() const override {
    return {{"engine.version", "1.0"},
            {"threads", std::to_string(options_.threads)},
            {"hooks", options_.hook_folder.string()}};
  }
  [[nodiscard]] std::span<const Layer> layers() const override { return layers_; }
  Result<std::unique_ptr<ExecutionContext>> make_context() override {
    return std::unique_ptr<ExecutionContext>{std::make_unique<ScriptedContext>(machine_, options_.level)};
  }

 private:
  const Machine& machine_;
  EngineOptions options_;
  std::vector<Layer> layers_;
};

Result<std::unique_ptr<Engine>> open_scripted(const Machine& machine, const std::filesystem::path&,
                                              const Network&, const EngineOptions& options) {
  if (options.level == "unopenable") return Error{Errc::unsupported, "scripted", "told not to open"};
  return std::unique_ptr<Engine>{std::make_unique<ScriptedEngine>(machine, options)};
}

}  // namespace

const EngineDriver scripted_engine_driver{"scripted", "does what a test tells it", open_scripted};

}  // namespace layerwatt
