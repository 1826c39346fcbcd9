// SPDX-License-Identifier: Apache-2.0
// What a fuzz target gives: libFuzzer's entry point, and seeds to start from; and how it complains.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

// https://llvm.org/docs/LibFuzzer.html
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace layerwatt {

std::vector<std::string> fuzz_seeds();

// Ends the process, as a finding, unless the promise holds.
inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace layerwatt
