// SPDX-License-Identifier: Apache-2.0
// Creates an empty run file and opens it for writing.
#pragma once
#include <filesystem>

#include "core/result.h"
#include "timeline/sqlite.h"

namespace layerwatt {

// exists: there is one and `force` is false. With `force` the old one is replaced, but only a regular file
// is. On failure no new file is left.
Result<SqlConnection> create_run_file(const std::filesystem::path& path, bool force);

}  // namespace layerwatt
