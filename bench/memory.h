// SPDX-License-Identifier: Apache-2.0
// Memory of processes, for benches; proc(5).
#pragma once
#include <malloc.h>

#include <fstream>
#include <string>

namespace layerwatt {

// A line of a status file, this process's unless said otherwise: VmRSS, or VmHWM, its peak.
inline double mebibytes(const std::string& line, const std::string& file = "/proc/self/status") {
  std::ifstream status{file};
  for (std::string word; status >> word;) {
    double kibibytes = 0;
    if (word == line + ":" && status >> kibibytes) return kibibytes / 1024;
  }
  return 0;
}

// From here on VmHWM is the peak of what follows, with nothing in it that was used before and is free now.
inline void forget_peak() {
  malloc_trim(0);
  std::ofstream{"/proc/self/clear_refs"} << 5;
}

}  // namespace layerwatt
