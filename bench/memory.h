// SPDX-License-Identifier: Apache-2.0
// Memory of this process, for benches; proc(5).
#pragma once
#include <malloc.h>

#include <fstream>
#include <string>

namespace layerwatt {

// A line of /proc/self/status: VmRSS, or VmHWM, its peak.
inline double mebibytes(const std::string& line) {
  std::ifstream status{"/proc/self/status"};
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
