// SPDX-License-Identifier: Apache-2.0
// One child, one request at a time; see runner_process.h.
#include "session/runner_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "core/clock.h"
#include "core/descriptor.h"
#include "runner/layer_json.h"
#include "runner/protocol.h"
#include "session/last_words.h"
#include "session/line_socket.h"
#include "session/spawn.h"

namespace layerwatt {

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr const char* runner = "layerwatt-runner";
constexpr auto look_around = 10ms;       // how often `meanwhile` is called
constexpr auto quiet_look = 500ms;       // with nothing to do but wait: a signal wakes us, seldom too late
constexpr auto patience_to_stop = 5s;    // for the inference that is under way when a run is stopped
constexpr auto patience_to_end = 2s;     // between closing its socket and being gone
constexpr auto patience_to_greet = 30s;  // loading it from a slow SD card

Instant now() { return system_clock().now(); }

std::string ending(int status) {
  if (!WIFSIGNALED(status)) return "exited with code " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  std::string text = "ended by signal " + std::to_string(number) + " (" + ::strsignal(number) + ")";
  if (number == SIGKILL) text += ", as the kernel does when memory runs out,";
  return text;
}

}  // namespace

class RunnerProcess::Child {
 public:
  static Result<std::unique_ptr<Child>> start(const RunnerOptions& options);
  ~Child() { kill_and_reap(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Result<json> ask(const json& request, const Asking& asking);
  [[nodiscard]] int pid() const { return pid_; }
  MarkRing& ring() { return ring_; }

 private:
  Child(int pid, Descriptor control, Descriptor messages, MarkRing ring, bool verbose)
      : pid_{pid},
        control_{std::move(control)},
        messages_{std::move(messages)},
        last_words_{messages_.get(), verbose},
        ring_{std::move(ring)} {}

  Result<std::string> next_line(const Asking& asking, bool may_stop);
  Result<void> handle_interruption();
  Error ended();
  bool reap_within(Nanoseconds patience);
  void kill_and_reap();

  int pid_;
  LineSocket control_;
  Descriptor messages_;
  LastWords last_words_;
  bool speaks_ = true;  // its standard error is open
  MarkRing ring_;
  std::optional<int> status_;  // of waitpid, once it was reaped
  std::string doing_;          // the request under way
  Instant deadline_;
  bool stop_sent_ = false;
};

Result<std::unique_ptr<RunnerProcess::Child>> RunnerProcess::Child::start(const RunnerOptions& options) {
  std::filesystem::path program = options.program;
  if (program.empty()) {
    auto found = find_runner();
    if (!found) return found.error();
    program = std::move(*found);
  }
  auto ring = MarkRing::create(options.ring);
  if (!ring) return ring.error();
  int control[2], messages[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0)
    return system_error(errno, runner, "making a socket");
  Descriptor our_control{control[0]}, their_control{control[1]};
  if (::pipe2(messages, O_CLOEXEC) != 0) return system_error(errno, runner, "making a pipe");
  Descriptor our_messages{messages[0]}, their_messages{messages[1]};
  ::fcntl(our_messages.get(), F_SETFL, O_NONBLOCK);
  Descriptor nothing{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  if (nothing.get() < 0) return system_error(errno, "/dev/null", "opening");

  SpawnPlan plan;
  plan.program = program;
  plan.descriptors = {{STDIN_FILENO, nothing.get()},
                      {STDOUT_FILENO, their_messages.get()},
                      {STDERR_FILENO, their_messages.get()},
                      {control_descriptor, their_control.get()},
                      {ring_descriptor, ring->descriptor()}};
  plan.environment = {std::string{mark_ring_variable} + "=" + std::to_string(ring_descriptor)};
  plan.cores = options.cores;
  const auto pid = spawn(plan);
  if (!pid) return pid.error();
  return std::unique_ptr<Child>{
      new Child{*pid, std::move(our_control), std::move(our_messages), std::move(*ring), options.verbose}};
}

Result<json> RunnerProcess::Child::ask(const json& request, const Asking& asking) {
  doing_ = request.value("do", "");
  deadline_ = now() + asking.timeout;
  stop_sent_ = false;
  if (status_) return Error{Errc::gone, runner, "has ended; it cannot be asked to " + doing_};
  if (!control_.send(line_of(request))) return ended();
  const auto line = next_line(asking, true);
  if (!line) return line.error();
  // The stop has an answer of its own.
  if (stop_sent_)
    if (const auto stopped = next_line(asking, false); !stopped) return stopped.error();
  json answer = json::parse(*line, nullptr, false);
  const bool sound = answer.is_object() && answer.contains("ok") && answer["ok"].is_boolean();
  if (!sound) {
    kill_and_reap();
    return Error{Errc::malformed, runner, "answered " + doing_ + " with something that is no answer"};
  }
  if (!answer["ok"].get<bool>()) return error_from_json(answer);
  answer.erase("ok");
  return answer;
}

// Waits for a line and sees to everything else meanwhile.
Result<std::string> RunnerProcess::Child::next_line(const Asking& asking, bool may_stop) {
  while (true) {
    if (auto found = control_.line()) return std::move(*found);
    if (may_stop && !stop_sent_ && asking.interrupted != nullptr && *asking.interrupted)
      if (auto handled = handle_interruption(); !handled) return handled.error();
    std::array<pollfd, 2> wanted{pollfd{control_.descriptor(), POLLIN, 0},
                                 pollfd{speaks_ ? messages_.get() : -1, POLLIN, 0}};
    // While the latency is measured nothing of ours should run; we sleep as long as we may.
    const Nanoseconds nap =
        std::min<Nanoseconds>(asking.meanwhile ? look_around : quiet_look, deadline_ - now());
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(std::max(nap, 0ns));
    ::poll(wanted.data(), wanted.size(), static_cast<int>(whole.count()));
    if (speaks_) speaks_ = last_words_.take();
    if (!control_.receive()) return ended();
    if (asking.meanwhile) asking.meanwhile();
    if (control_.waiting() > longest_answer) {
      kill_and_reap();
      return Error{Errc::malformed, runner, "its answer to " + doing_ + " has no end"};
    }
    if (now() >= deadline_ && !control_.has_line()) {
      kill_and_reap();
      return Error{Errc::timeout, runner,
                   "did not answer in time when asked to " + doing_ + last_words_.text()};
    }
  }
}

Result<void> RunnerProcess::Child::handle_interruption() {
  if (doing_ != "run") {
    kill_and_reap();
    return Error{Errc::gone, runner, "interrupted while it was asked to " + doing_};
  }
  stop_sent_ = control_.send(line_of({{"do", "stop"}}));
  deadline_ = std::min(deadline_, now() + patience_to_stop);
  return {};
}

// It has closed its socket, or takes no more: says how it ended.
Error RunnerProcess::Child::ended() {
  const std::string when = " while it was asked to " + doing_;
  const bool by_itself = reap_within(patience_to_end);
  last_words_.take();
  if (!by_itself) return {Errc::gone, runner, "stopped listening" + when + last_words_.text()};
  const Errc code = WIFSIGNALED(*status_) ? Errc::crashed : Errc::gone;
  return {code, runner, ending(*status_) + when + last_words_.text()};
}

// True when it ended; else it is killed.
bool RunnerProcess::Child::reap_within(Nanoseconds patience) {
  const Instant limit = now() + patience;
  int status = 0;
  while (now() < limit) {
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = status;
      return true;
    }
    std::this_thread::sleep_for(1ms);
  }
  kill_and_reap();
  return false;
}

void RunnerProcess::Child::kill_and_reap() {
  if (status_) return;
  // Its group: what an engine may have started goes as well.
  ::kill(-pid_, SIGKILL);
  int status = 0;
  pid_t reaped = 0;
  do reaped = ::waitpid(pid_, &status, 0);
  while (reaped < 0 && errno == EINTR);
  status_ = status;
  last_words_.take();
}

Result<RunnerProcess> RunnerProcess::start(const RunnerOptions& options) {
  auto child = Child::start(options);
  if (!child) return child.error();
  RunnerProcess process{std::move(*child)};
  const auto greeting = process.ask({{"do", "hello"}}, {.timeout = patience_to_greet});
  if (!greeting) return greeting.error();
  if (greeting->value("protocol", json{}) != protocol_version)
    return Error{Errc::unsupported, runner, "belongs to another version of layerwatt"};
  return process;
}

RunnerProcess::RunnerProcess(std::unique_ptr<Child> child) : child_{std::move(child)} {}
RunnerProcess::RunnerProcess(RunnerProcess&&) noexcept = default;
RunnerProcess& RunnerProcess::operator=(RunnerProcess&&) noexcept = default;
RunnerProcess::~RunnerProcess() = default;

Result<json> RunnerProcess::ask(const json& request, const Asking& asking) {
  return child_->ask(request, asking);
}
int RunnerProcess::pid() const { return child_->pid(); }
MarkRing& RunnerProcess::ring() { return child_->ring(); }

}  // namespace layerwatt
