// SPDX-License-Identifier: Apache-2.0
// The observations of a run as tidy CSV, one row an observation, units in the column names: for
// `layerwatt export --format csv --table NAME`. Not the result: that is report/csv.
#pragma once
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "timeline/timeline.h"

namespace layerwatt {

std::vector<std::string_view> table_names();  // as in the run file: "reading", "span", ...

// Quoted as RFC 4180 says, lines end in \n, one header line; what is not known is empty. Times are seconds
// since clocks_at_start. Every text is quoted and otherwise left as it is: a name that starts with = + - or @
// may be taken for a formula by a spreadsheet. not_found lists the tables; io: the stream took no more.
Result<void> write_table_csv(const Timeline& timeline, std::string_view table, std::ostream& out);
Result<void> write_table_csv(const std::filesystem::path& run_file, const std::string& table,
                             std::ostream& out);

}  // namespace layerwatt
