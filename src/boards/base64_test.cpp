// SPDX-License-Identifier: Apache-2.0
#include "boards/base64.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

// The vectors of RFC 4648, section 10.
TEST(Base64, WritesAndReadsTheVectorsOfItsStandard) {
  const std::pair<const char*, const char*> vectors[]{{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, KeepsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"Zg=", "Z", "Zg==Zg==", "Zm9*", "Zh==", "====", "Z==="})
    EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace layerwatt
