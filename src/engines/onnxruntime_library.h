// SPDX-License-Identifier: Apache-2.0
// Finds an ONNX Runtime on this machine and opens it, with its telemetry switched off.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/machine.h"
#include "core/result.h"
#include "engines/onnxruntime_abi.h"

namespace layerwatt {

struct OnnxruntimeLibrary {
  Library library;
  OnnxruntimeApi api;
  std::string version;                   // "1.30.0"
  std::string path;                      // of the file that the linker took
  std::string found_by;                  // "option", "environment", "system", "pip", "project"
  std::vector<std::string> passed_over;  // sentences: what was there but could not be used
};

// Tries `option`, the environment variable LAYERWATT_ONNXRUNTIME, the system's, pip's, and the project's own
// copy. The first two are the user's word: when they fail, nothing else is tried.
// Puts ORT_DISABLE_TELEMETRY=1 into the environment first, so no other thread may run in this process yet.
Result<OnnxruntimeLibrary> open_onnxruntime(const Machine& machine, const std::filesystem::path& option);

// Files of `pip install onnxruntime` in the usual places and in `homes` (VIRTUAL_ENV, CONDA_PREFIX,
// ~/.local).
std::vector<std::filesystem::path> pip_onnxruntime(const Machine& machine,
                                                   const std::vector<std::filesystem::path>& homes);

// True from 1.25 on; malformed versions are too old.
bool is_supported_onnxruntime(const std::string& version);

}  // namespace layerwatt
