// SPDX-License-Identifier: Apache-2.0
// Seeds: what a fixed number makes of bytes, a good many for each of libonnx's operators.
#include <random>

#include "fuzz_target.h"

namespace layerwatt {

std::vector<std::string> fuzz_seeds() {
  std::mt19937_64 random{20260101};
  std::vector<std::string> seeds(2000);
  for (std::string& seed : seeds)
    for (std::size_t i = 8 + random() % 120; i > 0; --i) seed.push_back(static_cast<char>(random()));
  return seeds;
}

}  // namespace layerwatt
