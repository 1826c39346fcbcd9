// SPDX-License-Identifier: Apache-2.0
// Compares text with a file of tests/golden. LAYERWATT_UPDATE_GOLDEN=1 writes the file instead: look at the
// difference before you commit it. For tests only.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace layerwatt::testing {

inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string{LAYERWATT_SOURCE} + "/tests/golden/" + name;
  if (const char* update = std::getenv("LAYERWATT_UPDATE_GOLDEN"); update != nullptr && *update == '1') {
    std::ofstream{path, std::ios::binary} << text;
    GTEST_SKIP() << "wrote " << path;
  }
  std::ifstream file{path, std::ios::binary};
  ASSERT_TRUE(file) << path << " is missing; LAYERWATT_UPDATE_GOLDEN=1 writes it";
  const std::string golden{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_EQ(text, golden) << "LAYERWATT_UPDATE_GOLDEN=1 accepts the new text";
}

}  // namespace layerwatt::testing
