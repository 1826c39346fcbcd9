// SPDX-License-Identifier: Apache-2.0
// layerwatt-runner as a child: started, asked, watched, and gone when this object is. However it ends (crash,
// hang, Ctrl-C, our own kill -9), no process, thread or memory stays behind. What is said: runner/protocol.h.
#pragma once
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/units.h"
#include "markers/ring.h"

namespace layerwatt {

struct RunnerOptions {
  std::filesystem::path program;              // empty: find_runner()
  bool verbose = false;                       // what it writes to standard error goes on to ours as well
  std::vector<int> cores;                     // it may run on; empty: those that we may
  MarkRingOptions ring = {.names = 1 << 16};  // a name for each layer
};

struct Asking {
  Nanoseconds timeout = std::chrono::seconds{120};  // then the runner is killed
  // When it becomes true a run ends early with what it has; any other request is given up and the runner
  // killed.
  const std::atomic<bool>* interrupted = nullptr;
  std::function<void()> meanwhile = {};  // called about every 10 ms while we wait: drain the ring here
};

// LAYERWATT_RUNNER, beside this program, ../libexec/layerwatt, PATH: the first that can be executed.
Result<std::filesystem::path> find_runner();

class RunnerProcess {
 public:
  // The runner dies with the thread that calls this (PR_SET_PDEATHSIG): call it where the session lives.
  static Result<RunnerProcess> start(const RunnerOptions& options);
  RunnerProcess(RunnerProcess&&) noexcept;
  RunnerProcess& operator=(RunnerProcess&&) noexcept;
  ~RunnerProcess();  // kills and reaps

  // The answer to one request, without "ok". The runner's own refusals come as they are (not_found,
  // malformed, ...), its end as crashed or gone with the last it wrote to standard error, silence as timeout.
  Result<nlohmann::json> ask(const nlohmann::json& request, const Asking& asking = {});
  [[nodiscard]] int pid() const;  // also after it ended
  [[nodiscard]] MarkRing& ring();

 private:
  class Child;
  explicit RunnerProcess(std::unique_ptr<Child> child);
  std::unique_ptr<Child> child_;
};

}  // namespace layerwatt
