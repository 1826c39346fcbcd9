// SPDX-License-Identifier: Apache-2.0
// The table `truth`, which read_run_file() does not touch.
#include "timeline/truth.h"

#include <limits>

#include "timeline/existing_file.h"

namespace layerwatt {

Result<std::vector<Truth>> read_truth(const std::filesystem::path& run_file) {
  auto file = open_run_file(run_file);
  if (!file) return file.error();
  auto statement = file->connection.prepare("SELECT layer, rail, mean_energy_j FROM truth");
  if (!statement) return statement.error();
  constexpr auto most_index = std::int64_t{std::numeric_limits<std::uint32_t>::max()};
  std::vector<Truth> truth;
  SqlRow row{*statement};
  int outcome = statement->step();
  for (; outcome == SQLITE_ROW; outcome = statement->step()) {
    const auto layer = static_cast<std::size_t>(row.integer(0, 0, most_index));
    const auto rail = static_cast<std::size_t>(row.integer(1, 0, most_index));
    truth.push_back({layer, rail, Joules{row.real(2)}});
    if (truth.size() > file->most_rows) row.set_fault("more rows than fit the file");
    if (row.is_faulty())
      return Error{Errc::malformed, run_file.string(), "damaged: table truth: " + row.fault()};
  }
  if (outcome != SQLITE_DONE) return file->connection.error();
  return truth;
}

}  // namespace layerwatt
