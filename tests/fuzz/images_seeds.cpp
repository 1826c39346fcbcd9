// SPDX-License-Identifier: Apache-2.0
// Seeds: the pictures of tests/fixtures/images, and labels of both kinds. Constructed.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz_target.h"

namespace layerwatt {

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator{LAYERWATT_FIXTURES "/images"}) {
    std::ifstream file{entry.path(), std::ios::binary};
    if (entry.path().filename() != "PROVENANCE")
      seeds.push_back('\1' + std::string{std::istreambuf_iterator<char>{file}, {}});
  }
  std::sort(seeds.begin(), seeds.end());
  using namespace std::string_literals;
  seeds.push_back("\0# labels\na.png 1\nb.jpg 0\nc.ppm 12\n"s);
  seeds.push_back("\0 7\n8\n\n9\n"s);
  return seeds;
}

}  // namespace layerwatt
