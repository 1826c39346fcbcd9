// SPDX-License-Identifier: Apache-2.0
// Starts a program as a child that ends with us and that Ctrl-C does not reach. Waits for nothing but exec.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"

namespace layerwatt {

struct SpawnPlan {
  std::filesystem::path program;
  std::vector<std::string> arguments = {};       // behind its name
  std::vector<std::pair<int, int>> descriptors;  // {number in the child, ours}; all others are closed
  std::vector<std::string> environment;          // "NAME=value", in place of what we have under that name
  std::vector<int> cores = {};                   // it may run on; empty: those that we may
};

// The process id; the child leads a process group of its own and is killed when the calling thread ends.
Result<int> spawn(const SpawnPlan& plan);

}  // namespace layerwatt
