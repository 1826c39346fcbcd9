// SPDX-License-Identifier: Apache-2.0
// Text that others wrote, taken apart: fields, words, numbers, prefixes of units. Pure; any bytes may come.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace layerwatt::text {

// The number that is all of `text` but spaces around it; a leading + is allowed. Empty: none, or not finite.
std::optional<double> number(std::string_view text);
// The same without a fraction, for stamps in nanoseconds, which a double cannot hold.
std::optional<long long> integer(std::string_view text);

std::string_view trimmed(std::string_view text);  // of spaces, tabs and a carriage return, at both ends
std::string lower_case(std::string_view text);    // of A to Z; other bytes stay
// Between separators; one field for an empty text. Quotes around a field are taken away.
std::vector<std::string_view> fields(std::string_view line, char separator);
// Runs of spaces separate; no empty words.
std::vector<std::string_view> words(std::string_view line);

// A factor for "m", "u", "k" and the like, and both ways of writing micro; empty when it is no prefix.
std::optional<double> prefix(std::string_view text);

}  // namespace layerwatt::text
