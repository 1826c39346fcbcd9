// SPDX-License-Identifier: Apache-2.0
// Text in columns: widths counted in characters, not bytes, and names from anywhere made safe to print.
#pragma once
#include <string>
#include <string_view>

#include "report/report.h"

namespace layerwatt {

// The text without control characters and broken UTF-8, and without anything but ASCII unless Style::utf8:
// each such character becomes '?'. A name in a model may hold escape sequences.
std::string printable(std::string_view text, const Style& style);

// Blank columns to the left of every line, and between the columns of a table.
constexpr std::size_t margin = 1, between = 2;

// Characters of valid UTF-8; every one is taken to be one column wide.
std::size_t width_of(std::string_view text);
std::string left(std::string_view text, std::size_t columns);   // padded on the right
std::string right(std::string_view text, std::size_t columns);  // padded on the left

// At most `columns` wide: the middle gives way to "…" or "..", since names differ at both ends.
std::string elided(std::string_view text, std::size_t columns, const Style& style);

// A layer's name in so many columns: of fused layers "conv1 + relu1" the first and the count of the others,
// "conv1 +1", before anything is elided.
std::string short_name(std::string_view name, std::size_t columns, const Style& style);

// Broken between words into lines of `columns`; all but the first then get `indent` blanks in front. A number
// stays with the word after it, which is its unit.
std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent);

// A bar of `share` (0 to 1) of `columns`: eighths of blocks, or '#'.
std::string bar(double share, std::size_t columns, const Style& style);

enum class Ink { plain, strong, faint, warning, cool, hot };
// The text in a colour, when Style::colour.
std::string painted(Ink ink, std::string_view text, const Style& style);

}  // namespace layerwatt
