// SPDX-License-Identifier: Apache-2.0
// mkdtemp and its removal; see private_folder.h.
#include "core/private_folder.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace layerwatt {

namespace {

constexpr std::string_view name_start = "layerwatt-";

// A killed layerwatt could not remove its folder; the next one does. The name carries the process id.
void remove_left_behind(const std::filesystem::path& base) {
  std::error_code failure;
  for (std::filesystem::directory_iterator entries{base, failure}, end; !failure && entries != end;
       entries.increment(failure)) {
    const std::string name = entries->path().filename().string();
    struct stat status {};
    if (name.rfind(name_start, 0) != 0 || lstat(entries->path().c_str(), &status) != 0) continue;
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid()) continue;
    const int owner = std::atoi(name.c_str() + name_start.size());
    std::error_code ignored;
    if (owner > 0 && kill(owner, 0) != 0 && errno == ESRCH)
      std::filesystem::remove_all(entries->path(), ignored);
  }
}

}  // namespace

Result<PrivateFolder> PrivateFolder::create() {
  std::error_code failure;
  std::filesystem::path base = std::filesystem::temp_directory_path(failure);
  if (failure) base = "/tmp";
  remove_left_behind(base);
  std::string name = (base / (std::string{name_start} + std::to_string(getpid()) + "-XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) return system_error(errno, name, "making a private folder");
  return PrivateFolder{name};
}

PrivateFolder::PrivateFolder(PrivateFolder&& other) noexcept : path_{std::exchange(other.path_, {})} {}

PrivateFolder& PrivateFolder::operator=(PrivateFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

PrivateFolder::~PrivateFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace layerwatt
