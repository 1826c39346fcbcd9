// SPDX-License-Identifier: Apache-2.0
// How a run file is opened for reading. Advice followed: sqlite.org/security.html (untrusted databases),
// sqlite.org/wal.html (read-only WAL), sqlite.org/fileformat2.html (the header).
#include "timeline/existing_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

#include "timeline/schema.h"

namespace layerwatt {

namespace {

constexpr int read_only = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
constexpr std::string_view magic{"SQLite format 3\0", 16};
// The smallest row of any of our tables takes more than this, with its cell pointer.
constexpr std::uint64_t smallest_row_bytes = 8;

struct Header {
  std::uint32_t application_id = 0;
  std::uint32_t version = 0;
  bool expects_wal = false;  // the last writer used write-ahead logging
  std::uint64_t file_bytes = 0;
};

std::uint32_t big_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
         std::uint32_t{bytes[3]};
}

Result<Header> read_header(const std::string& file, const std::string& where) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return system_error(errno, where, "opening");
  std::array<unsigned char, 100> bytes{};
  struct stat status {};
  const bool is_regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  const ssize_t length = is_regular ? ::pread(descriptor, bytes.data(), bytes.size(), 0) : 0;
  const int errno_value = errno;
  ::close(descriptor);
  if (!is_regular)
    return Error{Errc::malformed, where,
                 S_ISDIR(status.st_mode) ? "is a directory, not a run file" : "is not a regular file"};
  if (length < 0) return system_error(errno_value, where, "reading");
  if (length == 0) return Error{Errc::malformed, where, "is empty: nothing was recorded in it"};
  if (length < 100 || std::memcmp(bytes.data(), magic.data(), magic.size()) != 0)
    return Error{Errc::malformed, where, "is not a run file (expected an SQLite database)"};
  return Header{big_endian(&bytes[68]), big_endian(&bytes[60]), bytes[19] == 2,
                static_cast<std::uint64_t>(status.st_size)};
}

Result<void> check_header(const Header& header, const std::string& where) {
  if (header.application_id != run_file_application_id)
    return Error{Errc::malformed, where, "is an SQLite database, but not a run file of layerwatt"};
  if (header.version > static_cast<std::uint32_t>(run_file_schema))
    return Error{Errc::unsupported, where,
                 fmt::format("was written by a newer layerwatt: its schema is {}, this one reads up to {}",
                             header.version, run_file_schema)};
  if (header.version == 0) return Error{Errc::malformed, where, "has no schema version"};
  return {};
}

std::uint64_t size_of(const std::string& file) {
  std::error_code ignored;
  const auto bytes = std::filesystem::file_size(file, ignored);
  return ignored ? 0 : bytes;
}

// Nothing in the file may run code, and nothing may grow without bound.
void distrust(const SqlConnection& connection) {
  auto* const database = connection.get();
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);  // temporary views still work
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 64 << 20);
  sqlite3_limit(database, SQLITE_LIMIT_SQL_LENGTH, 1 << 20);
  sqlite3_limit(database, SQLITE_LIMIT_COLUMN, 100);
  sqlite3_limit(database, SQLITE_LIMIT_EXPR_DEPTH, 100);
  sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_busy_timeout(database, 2000);
}

enum class Access {
  shared,    // as a live writer needs it; keeps an index of the log beside the file
  alone,     // no locks, and the index in memory: nothing is written, so it works where nothing can be
  immutable  // the file alone is the whole truth: closed in order, or copied without its log
};

std::string immutable_uri(const std::string& file) {
  std::string uri = "file:";
  for (const char c : file) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view{"/._-~"}.find(c) != std::string_view::npos;
    uri += plain ? std::string{c} : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri + "?immutable=1";
}

Result<SqlConnection> connect(const std::string& file, Access access, const std::string& where) {
  auto connection =
      access == Access::immutable
          ? SqlConnection::open(immutable_uri(file), read_only | SQLITE_OPEN_URI, nullptr, where)
          : SqlConnection::open(file, read_only, access == Access::alone ? "unix-none" : nullptr, where);
  if (!connection) return connection;
  distrust(*connection);
  if (access == Access::alone)  // before all else: the next statement may touch the file
    if (auto locked = connection->execute("PRAGMA locking_mode = EXCLUSIVE"); !locked) return locked.error();
  auto begun = connection->execute(
      "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -2000; BEGIN");
  if (!begun) return begun.error();
  // The log is not looked at before the first query.
  if (auto touched = connection->integer("SELECT count(*) FROM sqlite_schema"); !touched)
    return touched.error();
  return connection;
}

Result<SqlConnection> connect_somehow(const std::string& file, const Header& header,
                                      const std::string& where) {
  std::error_code ignored;
  const auto log = std::filesystem::status(file + "-wal", ignored);
  const bool has_log = std::filesystem::exists(log);
  if (has_log && !std::filesystem::is_regular_file(log))
    return Error{Errc::malformed, where + "-wal", "is not a regular file"};
  if (header.expects_wal && !has_log) return connect(file, Access::immutable, where);
  auto connection = connect(file, Access::shared, where);
  if (connection || !has_log) return connection;
  const Errc code = connection.error().code;
  if (code == Errc::malformed || code == Errc::busy) return connection;
  return connect(file, Access::alone, where);
}

// A virtual table or a generated column could run anything for as long as it likes.
Result<void> check_tables(const SqlConnection& connection) {
  auto found = connection.integer(
      "SELECT (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage = 0) + "
      "(SELECT count(*) FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c "
      "WHERE t.type = 'table' AND c.hidden <> 0)");
  if (!found) return found.error();
  if (*found > 0)
    return Error{Errc::malformed, connection.where(),
                 "has virtual tables or computed columns: not a run file"};
  return {};
}

}  // namespace

Result<ExistingFile> open_run_file(const std::filesystem::path& path) {
  const std::string where = path.string();
  std::error_code failure;
  const std::string file =
      std::filesystem::canonical(path, failure).string();  // the log lies beside the target
  if (failure) return system_error(failure.value(), where, "opening");
  auto header = read_header(file, where);
  if (!header) return header.error();
  if (auto known = check_header(*header, where); !known) return known.error();
  auto connection = connect_somehow(file, *header, where);
  if (!connection) return connection.error();
  if (auto plain = check_tables(*connection); !plain) return plain.error();
  auto current = present_as_current(*connection, static_cast<int>(header->version), schema_steps());
  if (!current) return current.error();
  const std::uint64_t bytes = header->file_bytes + size_of(file + "-wal");
  return ExistingFile{std::move(*connection), bytes / smallest_row_bytes};
}

}  // namespace layerwatt
