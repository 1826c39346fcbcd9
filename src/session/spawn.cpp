// SPDX-License-Identifier: Apache-2.0
// fork and exec; between them only what signal-safety(7) allows, since other threads may hold locks. exec's
// failure comes back through a pipe that a successful exec closes.
#include "session/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

namespace layerwatt {

namespace {

constexpr int above_all_numbers = 64;  // where descriptors are parked while they are renumbered
constexpr unsigned close_on_exec = 4;  // CLOSE_RANGE_CLOEXEC, Linux 5.11

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> all = changes;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view old{*entry};
    const std::string_view name = old.substr(0, old.find('=') + 1);
    bool replaced = false;
    for (const std::string& change : changes) replaced |= change.compare(0, name.size(), name) == 0;
    if (!replaced) all.emplace_back(old);
  }
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> all;
  all.reserve(strings.size() + 1);
  for (std::string& text : strings) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Empty = leave as it is.
std::optional<cpu_set_t> set_of(const std::vector<int>& cores) {
  if (cores.empty()) return std::nullopt;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : cores)
    if (core >= 0 && core < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(core), &set);
  return set;
}

// Everything the child needs, made before fork.
struct Prepared {
  const SpawnPlan& plan;
  std::vector<char*> arguments, environment;
  std::optional<cpu_set_t> cores;
  pid_t parent;
  int report;               // write end of the pipe for exec's failure
  std::vector<int> parked;  // one for each descriptor
};

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// False with errno.
bool arrange_descriptors(Prepared& prepared) {
  prepared.report = ::fcntl(prepared.report, F_DUPFD_CLOEXEC, above_all_numbers);
  if (prepared.report < 0) return false;
  const auto& wanted = prepared.plan.descriptors;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    prepared.parked[i] = ::fcntl(wanted[i].second, F_DUPFD_CLOEXEC, above_all_numbers);
    if (prepared.parked[i] < 0) return false;
  }
  // What others in this program opened without O_CLOEXEC. Older kernels cannot; then it stays open.
  ::syscall(SYS_close_range, 3U, ~0U, close_on_exec);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (::dup2(prepared.parked[i], wanted[i].first) < 0) return false;
  return true;
}

[[noreturn]] void become(Prepared& prepared) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != prepared.parent) ::_exit(1);  // it died before the line above
  reset_signals();
  const bool placed =
      !prepared.cores || ::sched_setaffinity(0, sizeof *prepared.cores, &*prepared.cores) == 0;
  if (placed && arrange_descriptors(prepared))
    ::execve(prepared.plan.program.c_str(), prepared.arguments.data(), prepared.environment.data());
  const int failure = errno;
  [[maybe_unused]] const ssize_t told = ::write(prepared.report, &failure, sizeof failure);
  ::_exit(127);
}

// Waits for exec: its errno, or 0 when the pipe closed without a word.
int failure_reported(int report) {
  int failure = 0;
  while (true) {
    const ssize_t n = ::read(report, &failure, sizeof failure);
    if (n < 0 && errno == EINTR) continue;
    return n == sizeof failure ? failure : 0;
  }
}

}  // namespace

Result<int> spawn(const SpawnPlan& plan) {
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return system_error(errno, plan.program.string(), "making a pipe");
  std::vector<std::string> arguments{plan.program.string()};
  arguments.insert(arguments.end(), plan.arguments.begin(), plan.arguments.end());
  std::vector<std::string> environment = environment_with(plan.environment);
  Prepared prepared{plan,
                    pointers_to(arguments),
                    pointers_to(environment),
                    set_of(plan.cores),
                    ::getpid(),
                    report[1],
                    std::vector<int>(plan.descriptors.size())};
  const pid_t child = ::fork();
  if (child == 0) become(prepared);
  const int fork_failure = errno;
  ::close(report[1]);
  const int failure = child < 0 ? fork_failure : failure_reported(report[0]);
  ::close(report[0]);
  if (failure == 0) return child;
  if (child > 0) ::waitpid(child, nullptr, 0);
  return system_error(failure, plan.program.string(), "starting");
}

}  // namespace layerwatt
