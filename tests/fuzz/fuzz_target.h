// SPDX-License-Identifier: Apache-2.0
// What a fuzz target gives: libFuzzer's entry point, and seeds to start from.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// https://llvm.org/docs/LibFuzzer.html
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace layerwatt {

std::vector<std::string> fuzz_seeds();

}  // namespace layerwatt
