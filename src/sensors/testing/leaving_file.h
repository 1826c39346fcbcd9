// SPDX-License-Identifier: Apache-2.0
// For tests: a file that holds an integer and later is gone under whoever holds it open, as a sensor's does
// when its driver is unloaded. It leads to a file of a child process; reading that fails (ESRCH) once it has
// ended.
#pragma once
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace layerwatt::testing {

class LeavingFile {
 public:
  // `holds`: 0 to 1000.
  explicit LeavingFile(const std::filesystem::path& file, int holds = 0) : child_{fork()} {
    if (child_ == 0)
      for (;;) pause();
    if (holds > 0) std::ofstream{"/proc/" + std::to_string(child_) + "/oom_score_adj"} << holds;
    std::filesystem::remove(file);
    std::filesystem::create_symlink("/proc/" + std::to_string(child_) + "/oom_score_adj", file);
  }
  LeavingFile(const LeavingFile&) = delete;
  LeavingFile& operator=(const LeavingFile&) = delete;
  ~LeavingFile() { leave(); }
  void leave() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = -1;
  }

 private:
  pid_t child_;
};

}  // namespace layerwatt::testing
