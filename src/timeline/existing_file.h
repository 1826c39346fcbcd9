// SPDX-License-Identifier: Apache-2.0
// Opens a run file for reading, without changing it, also when its writer was killed, its folder is not
// writable or its disk is full, and without believing anything in it.
#pragma once
#include <cstdint>
#include <filesystem>

#include "core/result.h"
#include "timeline/sqlite.h"

namespace layerwatt {

struct ExistingFile {
  SqlConnection connection;     // in one read transaction, tables in the shape of the current schema
  std::uint64_t most_rows = 0;  // that a table in a file of this size can have
};

// not_found, permission, malformed, or unsupported for a file of a newer schema.
Result<ExistingFile> open_run_file(const std::filesystem::path& path);

}  // namespace layerwatt
