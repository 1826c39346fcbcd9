// SPDX-License-Identifier: Apache-2.0
// See child.h. PR_SET_PDEATHSIG: prctl(2).
#include "runner/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "core/machine.h"
#include "runner/control.h"
#include "runner/protocol.h"
#include "runner/server.h"

namespace layerwatt {

namespace {

bool is_socket(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

std::filesystem::path own_folder() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

}  // namespace

int run_as_child(std::span<const EngineDriver* const> drivers) {
  if (!is_socket(control_descriptor)) {
    std::fputs("layerwatt-runner is started by layerwatt; see layerwatt --help\n", stderr);
    return 2;
  }
  // Not on end of file alone: that would be noticed only after the inference that is under way.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);  // engines may print; results are layerwatt's
  const Machine machine = Machine::host();
  Control control{control_descriptor};
  Server{machine, drivers, own_folder()}.serve(control);
  return 0;
}

}  // namespace layerwatt
