// SPDX-License-Identifier: Apache-2.0
// Where layerwatt-runner is: in the build tree beside layerwatt, installed in libexec.
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <vector>

#include "session/runner_process.h"

namespace layerwatt {

namespace {

constexpr const char* runner_name = "layerwatt-runner";
constexpr const char* runner_variable = "LAYERWATT_RUNNER";

bool is_program(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::filesystem::path> find_runner() {
  if (const char* chosen = std::getenv(runner_variable); chosen != nullptr && *chosen != '\0') {
    if (is_program(chosen)) return std::filesystem::absolute(chosen);
    return Error{Errc::not_found, chosen, std::string{"not a program, but "} + runner_variable + " names it"};
  }
  std::error_code ignored;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  std::vector<std::filesystem::path> places{folder, folder.parent_path() / "libexec" / "layerwatt"};
  if (const char* path = std::getenv("PATH"); path != nullptr) {
    std::istringstream words{path};
    for (std::string word; std::getline(words, word, ':');)
      if (!word.empty()) places.emplace_back(word);
  }
  for (const auto& place : places)
    if (is_program(place / runner_name)) return place / runner_name;
  return Error{Errc::not_found, runner_name,
               "neither beside layerwatt (" + folder.string() +
                   ") nor in ../libexec/layerwatt nor in PATH; " + runner_variable + " can name it"};
}

}  // namespace layerwatt
