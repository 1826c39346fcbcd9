// SPDX-License-Identifier: Apache-2.0
// Lists of CPUs, as taskset(1) and the kernel's files have them: "0-3,6", and "0-6:2" for every second. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace layerwatt {

// Above what any kernel is built for.
inline constexpr int most_cpus = 8192;

// In order, each once. malformed: with what is wrong.
Result<std::vector<int>> parse_cpu_list(std::string_view text);

std::string to_cpu_list(const std::vector<int>& cpus);  // of CPUs in order: {0, 1, 2, 6} -> "0-2,6"

}  // namespace layerwatt
