// SPDX-License-Identifier: Apache-2.0
// A cell of CSV, in quotes where RFC 4180 wants them.
#pragma once
#include <string>
#include <string_view>

namespace layerwatt {

inline std::string csv_quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string{text};
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string{"\"\""} : std::string{c};
  return result + "\"";
}

}  // namespace layerwatt
