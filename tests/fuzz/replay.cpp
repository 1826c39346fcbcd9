// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer: on its seeds, on mutations of them that a seed fixes, and on files
// given by name, as one does with what a fuzzer found.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include "fuzz_target.h"

namespace {

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// Bytes changed, cut out, doubled, or replaced by numbers that are often mishandled. Mostly changed in place,
// since most others end at the first length that no longer fits.
std::string mutated(std::string input, std::mt19937_64& random) {
  static const std::string numbers[] = {std::string(1, '\0'),
                                        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                        "\xff\xff\xff\xff\x07",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
                                        "\x7f",
                                        "\x01"};
  const std::uint64_t changes = 1 + random() % 3;
  for (std::uint64_t i = 0; i < changes && !input.empty(); ++i) {
    const std::size_t at = random() % input.size();
    const std::size_t length = std::min<std::size_t>(1 + random() % 16, input.size() - at);
    switch (random() % 10) {
      case 0: input.erase(at, length); break;
      case 1: input.insert(at, input.substr(at, length)); break;
      case 2: input.replace(at, 1, numbers[random() % std::size(numbers)]); break;
      case 3:
      case 4: input[at] = static_cast<char>(random()); break;
      case 5:
      case 6: input[at] = static_cast<char>(input[at] + 1 - 2 * static_cast<int>(random() % 2)); break;
      default: input[at] = static_cast<char>(input[at] ^ (1 << (random() % 8))); break;
    }
  }
  return input;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> seeds = layerwatt::fuzz_seeds();
  long mutations = 0;
  for (int i = 1; i < count; ++i) {
    const bool has_value = i + 1 < count;
    if (std::strcmp(arguments[i], "--mutations") == 0 && has_value) {
      mutations = std::strtol(arguments[++i], nullptr, 10);
    } else if (std::strcmp(arguments[i], "--write-seeds") == 0 && has_value) {
      const std::string folder = arguments[++i];
      for (std::size_t k = 0; k < seeds.size(); ++k)
        std::ofstream{folder + "/seed" + std::to_string(k), std::ios::binary} << seeds[k];
    } else {
      std::ifstream file{arguments[i], std::ios::binary};
      run({std::istreambuf_iterator<char>{file}, {}});
    }
  }
  for (const std::string& seed : seeds) run(seed);
  std::mt19937_64 random{1};
  for (long i = 0; i < mutations; ++i) run(mutated(seeds[random() % seeds.size()], random));
  std::printf("%zu seeds and %ld mutations\n", seeds.size(), mutations);
}
