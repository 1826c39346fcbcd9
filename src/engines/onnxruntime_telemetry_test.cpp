// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime's telemetry stays off. Each case is a child process of its own, this program again, since the
// library decides once; the control without the variable shows that the test would see telemetry.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "engines/onnxruntime_api.h"
#include "engines/testing/opened_engine.h"

namespace layerwatt {
namespace {

constexpr const char* control_variable = "LAYERWATT_TEST_PLAIN_LIBRARY";
constexpr const char* child_test = "OnnxruntimeTelemetry.DISABLED_Child";
constexpr int threads_seen = 77;  // exit status of a child with more than its one thread

std::size_t threads_of_this_process() {
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"})
    count += !task.path().empty();
  return count;
}

// The library as layerwatt opens it, or, in the control, as any program would.
Result<OnnxruntimeApi> open_library() {
  const char* plain = std::getenv(control_variable);
  if (plain == nullptr) {
    static const auto opened = open_onnxruntime(Machine::host(), {});
    return opened ? Result<OnnxruntimeApi>{opened->api} : opened.error();
  }
  static const auto library = Library::open(plain);
  if (!library) return library.error();
  const auto base = library->function<const OrtApiBase*()>("OrtGetApiBase");
  if (!base) return base.error();
  return OnnxruntimeApi::from((*base)()->GetApi(onnxruntime_api_version));
}

// Not a test but the child. Half a second is enough for telemetry to start, and too short for it to send.
TEST(OnnxruntimeTelemetry, DISABLED_Child) {
  const auto api = open_library();
  if (!api) std::_Exit(1);
  OrtEnv* env = nullptr;
  if (!checked(*api, api->CreateEnv(onnxruntime_log_fatal, "test", &env), "environment")) std::_Exit(1);
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  std::_Exit(threads_of_this_process() > 1 ? threads_seen : 0);
}

struct Seen {
  int status;              // exit status of the child
  std::size_t files_home;  // files it left under HOME
  bool log;                // and its log in /tmp
};

// `plain_library`: for the control; empty: as layerwatt opens it.
Seen run_child(const std::string& plain_library) {
  const testing::PrivateFolder home;
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("HOME", home.path().c_str(), 1);
    ::unsetenv("XDG_CACHE_HOME");
    ::unsetenv("ORT_DISABLE_TELEMETRY");
    if (!plain_library.empty()) ::setenv(control_variable, plain_library.c_str(), 1);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    const std::string filter = std::string{"--gtest_filter="} + child_test;
    ::execl("/proc/self/exe", "telemetry", filter.c_str(), "--gtest_also_run_disabled_tests", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Seen seen{WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0, false};
  for (const auto& entry : std::filesystem::recursive_directory_iterator{home.path()})
    seen.files_home += entry.is_regular_file();
  seen.log = std::filesystem::remove("/tmp/mat-debug-" + std::to_string(child) + ".log");
  return seen;
}

class OnnxruntimeTelemetryOf : public testing::WithOnnxruntime {};

TEST_F(OnnxruntimeTelemetryOf, LayerwattIsOff) {
  const Seen seen = run_child({});
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.files_home, 0u);
  EXPECT_FALSE(seen.log);
}

TEST_F(OnnxruntimeTelemetryOf, APlainProgramIsSeenByThisTest) {
  const Seen seen = run_child(open_onnxruntime(Machine::host(), {})->path);
  ASSERT_TRUE(seen.status == 0 || seen.status == threads_seen) << seen.status;
  if (seen.status == 0 && seen.files_home == 0 && !seen.log)
    GTEST_SKIP() << "this build of ONNX Runtime has no telemetry; nothing to compare with";
  EXPECT_EQ(seen.status, threads_seen);
  EXPECT_GT(seen.files_home, 0u);
}

}  // namespace
}  // namespace layerwatt
