// SPDX-License-Identifier: Apache-2.0
// Text that streams have in common: fields, numbers that are believed, words with a unit in them, and what
// users write behind a driver's name. Pure; any bytes may come.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/units.h"

namespace layerwatt::stream {

// The number that is all of `text` but spaces around it; a leading + is allowed. Empty: none, or not finite.
std::optional<double> number(std::string_view text);
// The same without a fraction, for stamps in nanoseconds, which a double cannot hold.
std::optional<long long> integer(std::string_view text);

std::string_view trimmed(std::string_view text);  // of spaces, tabs and a carriage return, at both ends
// Between separators; one field for an empty text. Quotes around a field are taken away.
std::vector<std::string_view> fields(std::string_view line, char separator);
// Runs of spaces separate; no empty words.
std::vector<std::string_view> words(std::string_view line);

// A factor for "m", "u", "k" and the like, and both ways of writing micro; empty when it is no prefix.
std::optional<double> prefix(std::string_view text);

// Empty when no machine that runs a network could draw that: above 1 MW, either way.
std::optional<Watts> believable(Watts power);
// Of seconds; empty beyond 285 years, where nanoseconds overflow.
std::optional<Nanoseconds> stamp(double seconds);

// What may become the name of a rail: 1 to 64 printable characters without spaces.
bool is_label(std::string_view text);

// "demo:samplerate=1000:a=A1" -> head "demo", options {samplerate, a}. Only options named in `known` are
// taken out; other pieces stay in the head, colons and all.
struct Argument {
  std::string head;
  std::map<std::string, std::string, std::less<>> options;
  [[nodiscard]] std::string option(std::string_view name) const;
  // Empty when it was not given. malformed: no number above zero.
  [[nodiscard]] Result<std::optional<double>> positive(std::string_view name) const;
};
Argument argument(std::string_view text, const std::vector<std::string_view>& known);

}  // namespace layerwatt::stream
