// SPDX-License-Identifier: Apache-2.0
// The tables of a run file, their version, and how a file of an older version is shown as the current one.
// docs/run-file.md says what the columns mean.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.h"
#include "timeline/sqlite.h"

namespace layerwatt {

inline constexpr std::uint32_t run_file_application_id = 0x4C57'5254;  // "LWRT", at byte 68 of the file
inline constexpr int run_file_schema = 4;                              // PRAGMA user_version

inline constexpr std::array<std::string_view, 18> run_file_tables{
    "recording", "run", "clock", "sampler", "markers",   "rail", "accuracy", "calibration", "supply_loss",
    "reading",   "gap", "layer", "phase",   "inference", "span", "event",    "truth",       "result"};

// SQL that makes the empty tables and views of the current version.
std::string_view run_file_definition();

// One table that changed from version `from` to from + 1. `select` gives the table's new rows; {name} in it
// stands for table `name` as it was in version `from`. A table new in from + 1 selects literals WHERE 0.
struct SchemaStep {
  int from;
  std::string_view table;
  std::string_view select;
};
std::span<const SchemaStep> schema_steps();  // in order of `from`

// Hides the tables of an older file behind temporary views of the current shape, so that there is one reader
// for all versions and reading never changes a file.
Result<void> present_as_current(const SqlConnection& connection, int version,
                                std::span<const SchemaStep> steps);

}  // namespace layerwatt
