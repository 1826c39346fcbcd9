// SPDX-License-Identifier: Apache-2.0
// The parent's side against the real runner with the scripted engine (runner/testing).
#include "session/runner_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/clock.h"
#include "core/machine.h"
#include "runner/layer_json.h"
#include "runner/protocol.h"
#include "session/span_assembler.h"

namespace layerwatt {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

const char* const program = LAYERWATT_BUILD "/tests/layerwatt-scripted-runner";

RunnerOptions scripted() {
  RunnerOptions options;
  options.program = program;
  return options;
}

// A folder with a model and, when asked for, a program of ours; gone with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "runner_process_test.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path script(const std::string& text) const {
    auto file = path_ / "program";
    std::ofstream{file} << "#!/bin/sh\n" << text << "\n";
    ::chmod(file.c_str(), 0755);
    return file;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class RunnerProcessTest : public testing::Test {
 protected:
  RunnerProcess start(const RunnerOptions& options = scripted()) {
    auto process = RunnerProcess::start(options);
    EXPECT_TRUE(process) << process.error().detail;
    return std::move(*process);
  }
  RunnerProcess opened(const std::string& level, const RunnerOptions& options = scripted()) {
    RunnerProcess process = start(options);
    const auto model = folder_.path() / "m.onnx";
    EXPECT_TRUE(process.ask({{"do", "new"}, {"name", "lenet5"}, {"out", model.string()}}));
    const auto answer = process.ask({{"do", "open"}, {"model", model.string()}, {"level", level}});
    EXPECT_TRUE(answer) << answer.error().detail;
    return process;
  }
  Folder folder_;
};

bool exists(int pid) { return ::kill(pid, 0) == 0; }

// One that init has not reaped yet holds no memory and runs nothing: it is as good as gone.
bool is_gone(int pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string stat;
  if (!std::getline(file, stat)) return true;
  return stat.compare(stat.rfind(')') + 2, 1, "Z") == 0;
}

std::size_t thread_count(int pid) {
  return Machine::host().list("/proc/" + std::to_string(pid) + "/task").size();
}

json run_of(std::uint64_t count, bool marked = false) {
  return {{"do", "run"}, {"count", count}, {"marked", marked}};
}

TEST_F(RunnerProcessTest, AnswersAndLeavesNothingBehind) {
  int pid = 0;
  {
    RunnerProcess process = start();
    pid = process.pid();
    const auto zoo = process.ask({{"do", "zoo"}});
    ASSERT_TRUE(zoo) << zoo.error().detail;
    EXPECT_FALSE(zoo->contains("ok"));
    EXPECT_FALSE(zoo->at("networks").empty());
    EXPECT_TRUE(exists(pid));
  }
  EXPECT_FALSE(exists(pid)) << "killed and reaped";
}

TEST_F(RunnerProcessTest, PassesTheRunnersRefusalsOnAndGoesOn) {
  RunnerProcess process = start();
  const auto refused = process.ask({{"do", "describe"}, {"model", "/no/such/file.onnx"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::not_found);
  EXPECT_TRUE(process.ask({{"do", "hello"}}));
}

TEST_F(RunnerProcessTest, MarkedRunsArriveAsSpans) {
  RunnerProcess process = opened("");
  SpanAssembler assembler{2};
  assembler.begin_run(10);
  const auto ran = process.ask(run_of(25, true), {.meanwhile = [&] { process.ring().drain(assembler); }});
  ASSERT_TRUE(ran) << ran.error().detail;
  process.ring().drain(assembler);
  const auto inferences = inferences_from_json(ran->at("inferences"));
  ASSERT_TRUE(inferences);
  ASSERT_EQ(inferences->size(), 25U);
  const auto spans = assembler.take_spans();
  const auto marked = assembler.take_inferences();
  ASSERT_EQ(spans.size(), 50U);
  ASSERT_EQ(marked.size(), 25U);
  for (std::uint32_t i = 0; i < 25; ++i) {
    EXPECT_EQ(marked[i].inference, 10 + i);
    EXPECT_EQ(marked[i].begin, (*inferences)[i].compute_begin);
    EXPECT_EQ(marked[i].end, (*inferences)[i].compute_end);
    for (std::uint32_t layer = 0; layer < 2; ++layer) {
      const LayerSpan& span = spans[2 * i + layer];
      EXPECT_EQ(span.inference, 10 + i);
      EXPECT_EQ(span.layer, layer);
      EXPECT_GE(span.begin, marked[i].begin);
      EXPECT_LE(span.end, marked[i].end);
    }
  }
  EXPECT_EQ(process.ring().dropped(), 0U);
}

TEST_F(RunnerProcessTest, UnmarkedRunsWriteNoMarkAndStartNoThread) {
  RunnerProcess process = opened("slow");
  SpanAssembler assembler{2};
  const std::size_t threads_before = thread_count(process.pid());
  std::size_t most_threads = 0;
  const auto ran = process.ask(run_of(3), {.meanwhile = [&] {
                                 most_threads = std::max(most_threads, thread_count(process.pid()));
                                 process.ring().drain(assembler);
                               }});
  ASSERT_TRUE(ran);
  process.ring().drain(assembler);
  EXPECT_EQ(process.ring().written() + process.ring().dropped(), 0U);
  EXPECT_EQ(most_threads, threads_before);
  // Control: the same question does see a marked run.
  ASSERT_TRUE(process.ask(run_of(1, true)));
  process.ring().drain(assembler);
  EXPECT_EQ(process.ring().written(), 6U);
}

TEST_F(RunnerProcessTest, ReportsACrashWithItsSignalAndLastWords) {
  RunnerProcess process = opened("crash");
  const int pid = process.pid();
  const auto ran = process.ask(run_of(1));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Errc::crashed);
  EXPECT_EQ(ran.error().where, "layerwatt-runner");
  EXPECT_THAT(ran.error().detail,
              HasSubstr("ended by signal 11 (Segmentation fault) while it was asked to run"));
  EXPECT_THAT(ran.error().detail, HasSubstr("these are my last words"));
  EXPECT_FALSE(exists(pid)) << "reaped";
  const auto later = process.ask({{"do", "hello"}});
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, Errc::gone);
}

TEST_F(RunnerProcessTest, KeepsTheMarksOfARunThatCrashed) {
  RunnerProcess process = opened("crash");
  SpanAssembler assembler{2};
  ASSERT_FALSE(process.ask(run_of(1, true)));
  process.ring().drain(assembler);
  EXPECT_EQ(assembler.take_spans().size(), 2U);
}

TEST_F(RunnerProcessTest, ReportsAnUnexpectedExit) {
  RunnerProcess process = opened("exit");
  const auto ran = process.ask(run_of(1));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Errc::gone);
  EXPECT_THAT(ran.error().detail, HasSubstr("exited with code 7"));
}

TEST_F(RunnerProcessTest, KillsARunnerThatHangs) {
  RunnerProcess process = opened("hang");
  const int pid = process.pid();
  const auto ran = process.ask(run_of(1), {.timeout = 100ms});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Errc::timeout);
  EXPECT_FALSE(exists(pid));
}

TEST_F(RunnerProcessTest, InterruptionEndsARunWithWhatItHas) {
  RunnerProcess process = opened("slow");
  std::atomic<bool> interrupted{false};
  int looks = 0;
  const auto ran = process.ask(run_of(100'000), {.interrupted = &interrupted, .meanwhile = [&] {
                                                   if (++looks == 10) interrupted = true;
                                                 }});
  ASSERT_TRUE(ran) << ran.error().detail;
  EXPECT_EQ(ran->at("stopped"), "request");
  EXPECT_LT(ran->at("inferences").size(), 1000U);
  interrupted = false;
  EXPECT_TRUE(process.ask({{"do", "hello"}})) << "the answer to stop was taken, the talk goes on";
}

TEST_F(RunnerProcessTest, InterruptionDuringALongInferenceKillsInTheEnd) {
  RunnerProcess process = opened("hang");
  const int pid = process.pid();
  std::atomic<bool> interrupted{false};
  SpanAssembler assembler{2};
  const auto interrupt_once_it_computes = [&] {
    process.ring().drain(assembler);
    if (process.ring().written() > 0) interrupted = true;
  };
  // Shorter than our patience with a stopped run, to keep the test short.
  const auto ran =
      process.ask(run_of(1, true),
                  {.timeout = 200ms, .interrupted = &interrupted, .meanwhile = interrupt_once_it_computes});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Errc::timeout);
  EXPECT_FALSE(exists(pid));
}

TEST_F(RunnerProcessTest, InterruptionGivesUpOtherRequestsAtOnce) {
  Folder folder;
  RunnerProcess process = opened("hang");
  std::atomic<bool> interrupted{true};
  const int pid = process.pid();
  ::kill(pid, SIGSTOP);  // so that it cannot answer
  const auto answer = process.ask({{"do", "zoo"}}, {.interrupted = &interrupted});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().detail, HasSubstr("interrupted"));
  EXPECT_FALSE(exists(pid));
}

TEST_F(RunnerProcessTest, KeepsItsHandsOffStandardOutput) {
  RunnerOptions options = scripted();
  options.verbose = true;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  {
    RunnerProcess process = opened("talk", options);
    ASSERT_TRUE(process.ask(run_of(1)));
    ASSERT_TRUE(process.ask({{"do", "hello"}}, {.meanwhile = [] {}}));
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  const std::string heard = testing::internal::GetCapturedStderr();
  EXPECT_THAT(heard, HasSubstr("on standard output"));
  EXPECT_THAT(heard, HasSubstr("on standard error"));
}

TEST_F(RunnerProcessTest, SaysNothingUnlessVerbose) {
  testing::internal::CaptureStderr();
  {
    RunnerProcess process = opened("talk");
    ASSERT_TRUE(process.ask(run_of(1)));
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(RunnerProcessTest, CtrlCAtTheTerminalDoesNotReachIt) {
  RunnerProcess process = start();
  EXPECT_EQ(::getpgid(process.pid()), process.pid()) << "a group of its own";
  ::kill(process.pid(), SIGINT);
  EXPECT_TRUE(process.ask({{"do", "hello"}}));
}

TEST_F(RunnerProcessTest, KeepsToItsCores) {
  cpu_set_t ours;
  ASSERT_EQ(::sched_getaffinity(0, sizeof ours, &ours), 0);
  if (CPU_COUNT(&ours) < 2) GTEST_SKIP() << "needs two cores";
  int first = 0;
  while (!CPU_ISSET(static_cast<std::size_t>(first), &ours)) ++first;
  RunnerOptions options = scripted();
  options.cores = {first};
  RunnerProcess process = start(options);
  cpu_set_t theirs;
  ASSERT_EQ(::sched_getaffinity(process.pid(), sizeof theirs, &theirs), 0);
  EXPECT_TRUE(CPU_ISSET(static_cast<std::size_t>(first), &theirs));
  EXPECT_EQ(CPU_COUNT(&theirs), 1);
}

TEST_F(RunnerProcessTest, DoesNotRunOnOtherCoresThanAsked) {
  RunnerOptions options = scripted();
  options.cores = {CPU_SETSIZE - 1};
  const auto process = RunnerProcess::start(options);
  ASSERT_FALSE(process);
  EXPECT_THAT(process.error().detail, HasSubstr("Invalid argument"));
}

TEST_F(RunnerProcessTest, InheritsItsFiveDescriptorsOnly) {
  const int careless = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as a library might
  RunnerProcess process = start();
  const auto open = Machine::host().list("/proc/" + std::to_string(process.pid()) + "/fd");
  ::close(careless);
  EXPECT_EQ(open.size(), 5U);
}

TEST_F(RunnerProcessTest, SaysWhyItCannotStart) {
  RunnerOptions options;
  options.program = "/no/such/runner";
  auto missing = RunnerProcess::start(options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_EQ(missing.error().where, "/no/such/runner");

  options.program = "/dev/null";
  EXPECT_EQ(RunnerProcess::start(options).error().code, Errc::permission);
}

TEST_F(RunnerProcessTest, RefusesProgramsThatAreNoRunner) {
  RunnerOptions options;
  options.program = folder_.script("exit 0");
  EXPECT_THAT(RunnerProcess::start(options).error().detail, HasSubstr("exited with code 0"));
  options.program = folder_.script("echo no such library >&2; exit 127");
  EXPECT_THAT(RunnerProcess::start(options).error().detail, HasSubstr("no such library"));
  options.program = folder_.script("read line <&3; echo '{\"ok\":true,\"protocol\":99}' >&3; read line <&3");
  EXPECT_EQ(RunnerProcess::start(options).error().code, Errc::unsupported);
  options.program = folder_.script("echo nonsense >&3; read line <&3");
  EXPECT_EQ(RunnerProcess::start(options).error().code, Errc::malformed);
  options.program = folder_.script("echo '[]' >&3; read line <&3");
  EXPECT_EQ(RunnerProcess::start(options).error().code, Errc::malformed);
}

TEST_F(RunnerProcessTest, BoundsAnAnswerThatNeverEnds) {
  RunnerOptions options;
  options.program = folder_.script("exec cat /dev/zero >&3");
  const auto process = RunnerProcess::start(options);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, Errc::malformed);
}

TEST_F(RunnerProcessTest, TakesTheRunnerThatTheEnvironmentNames) {
  ::setenv("LAYERWATT_RUNNER", program, 1);
  const auto found = find_runner();
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(*found, program);
  ::setenv("LAYERWATT_RUNNER", "/no/such/runner", 1);
  EXPECT_EQ(find_runner().error().code, Errc::not_found);
  ::unsetenv("LAYERWATT_RUNNER");
}

// kill -9 of the parent, ten times, wherever the runner is: it goes within a second.
TEST_F(RunnerProcessTest, DisappearsWhenItsParentIsKilled) {
  for (int round = 0; round < 10; ++round) {
    int tell[2];
    ASSERT_EQ(::pipe(tell), 0);
    const pid_t parent = ::fork();
    if (parent == 0) {
      RunnerProcess process = opened(round % 2 == 0 ? "hang" : "");
      const int pid = process.pid();
      if (::write(tell[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
      (void)process.ask(run_of(100'000, true));
      ::pause();
      ::_exit(0);
    }
    ::close(tell[1]);
    int runner = 0;
    ASSERT_EQ(::read(tell[0], &runner, sizeof runner), static_cast<ssize_t>(sizeof runner));
    ::close(tell[0]);
    std::this_thread::sleep_for(std::chrono::milliseconds{2 * round});
    ASSERT_FALSE(is_gone(runner));
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    for (int i = 0; i < 100 && !is_gone(runner); ++i) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(is_gone(runner));
  }
}

}  // namespace
}  // namespace layerwatt
