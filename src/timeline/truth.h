// SPDX-License-Identifier: Apache-2.0
// The answers a simulated run was made from. For tests, benches and `--show-truth` only: the layer check
// forbids attribution to include this file.
#pragma once
#include <filesystem>
#include <vector>

#include "core/result.h"
#include "core/units.h"

namespace layerwatt {

struct Truth {
  std::size_t layer, rail;
  Joules mean_energy;  // of one inference
};

Result<std::vector<Truth>> read_truth(const std::filesystem::path& run_file);

}  // namespace layerwatt
