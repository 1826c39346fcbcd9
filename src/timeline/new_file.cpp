// SPDX-License-Identifier: Apache-2.0
// How a run file comes into being: tables first, in one file; write-ahead logging only from then on, so that
// header and tables are in the file itself from the start. Source: sqlite.org/pragma.html.
#include "timeline/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "timeline/schema.h"

namespace layerwatt {

namespace {

void remove_with_companions(const std::string& file) {
  for (const char* suffix : {"-wal", "-shm", "-journal", ""}) ::unlink((file + suffix).c_str());
}

Result<void> make_way(const std::filesystem::path& path, const std::string& file, bool force) {
  const std::string where = path.string();
  std::error_code failure;
  const auto there = std::filesystem::status(file, failure);
  if (std::filesystem::is_symlink(
          std::filesystem::symlink_status(file, failure)))  // resolved where it could be
    return Error{Errc::unsupported, where, "is a link to a file that does not exist"};
  if (!std::filesystem::exists(there)) return {};
  if (!std::filesystem::is_regular_file(there))
    return Error{Errc::unsupported, where, "is not a regular file: a run file cannot be written there"};
  if (!force)
    return Error{Errc::exists, where, "exists already; give another name, or --force to replace it"};
  // The file itself first: where that is refused, its log must stay.
  if (::unlink(file.c_str()) != 0) return system_error(errno, where, "replacing");
  remove_with_companions(file);
  return {};
}

// Claims the name, so that two runs started at once cannot share a file.
Result<void> claim(const std::string& file, const std::string& where) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return system_error(errno, where, "creating");
  ::close(descriptor);
  return {};
}

Result<SqlConnection> make_tables(const std::string& file, const std::string& where) {
  auto connection = SqlConnection::open(
      file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr, where);
  if (!connection) return connection;
  sqlite3_busy_timeout(connection->get(), 2000);
  // journal_mode = MEMORY: a kill before the tables stand leaves a damaged file, but nothing was in it yet.
  auto made = connection->execute(
      fmt::format("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4096; PRAGMA journal_mode = MEMORY;"
                  "BEGIN; PRAGMA application_id = {}; PRAGMA user_version = {};{}"
                  "INSERT INTO recording VALUES(0, 0, 'layerwatt {}');"
                  "INSERT INTO sampler VALUES(0, 0, 0, 0, 0, 0, 0, NULL, '[]'); INSERT INTO markers "
                  "VALUES(0, 0); COMMIT;",
                  run_file_application_id, run_file_schema, run_file_definition(), LAYERWATT_VERSION));
  if (!made) return made.error();
  // A file system without shared memory mappings (some network ones) refuses the log: then a rollback
  // journal, slower at each commit, protects the file.
  if (auto logged = connection->execute("PRAGMA journal_mode = WAL"); !logged)
    if (auto journal = connection->execute("PRAGMA journal_mode = DELETE"); !journal) return journal.error();
  return connection;
}

}  // namespace

Result<SqlConnection> create_run_file(const std::filesystem::path& path, bool force) {
  const std::string where = path.string();
  std::error_code failure;
  // Absolute, because SQLite takes "file:..." for an address; links followed, because the log lies beside
  // the target.
  const std::string file =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path, failure), failure);
  if (failure) return system_error(failure.value(), where, "creating");
  if (path.empty() || !path.has_filename())
    return Error{Errc::unsupported, where, "is not the name of a file"};
  if (auto free = make_way(path, file, force); !free) return free.error();
  if (auto claimed = claim(file, where); !claimed) return claimed.error();
  auto connection = make_tables(file, where);
  if (!connection) remove_with_companions(file);
  return connection;
}

}  // namespace layerwatt
