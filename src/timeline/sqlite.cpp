// SPDX-License-Identifier: Apache-2.0
// The slower half of sqlite.h, and the one table from SQLite's result codes to our error codes.
#include "timeline/sqlite.h"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <utility>

namespace layerwatt {

namespace {

// A write that ran into a quota or RLIMIT_FSIZE is SQLITE_IOERR with an errno, not SQLITE_FULL.
// SQLite 3.40 does not keep that errno when it is COMMIT that fails; then it is still in errno, which we
// cleared before the call.
Error system_failure(sqlite3* database, std::string where, int last_errno) {
  const int kept = sqlite3_system_errno(database);
  const int errno_value = kept != 0 ? kept : last_errno;
  const std::string doing = sqlite3_errmsg(database);
  if (errno_value == 0) return Error{Errc::io, std::move(where), doing};
  return system_error(errno_value, std::move(where), doing);
}

Error error_of(sqlite3* database, std::string where) {
  const int last_errno = errno;
  const std::string message = sqlite3_errmsg(database);
  switch (sqlite3_errcode(database) & 0xff) {
    case SQLITE_FULL: return {Errc::full, std::move(where), "no space left: " + message};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return system_failure(database, std::move(where), last_errno);
    case SQLITE_NOMEM: return system_error(ENOMEM, std::move(where), "reading or writing the database");
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return {Errc::permission, std::move(where), message};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {Errc::busy, std::move(where), "another program is using it: " + message};
    default: return {Errc::malformed, std::move(where), "damaged, or not a run file: " + message};
  }
}

}  // namespace

// ---- SqlStatement -------------------------------------------------------------------------------------

SqlStatement::SqlStatement(SqlStatement&& other) noexcept
    : statement_{std::exchange(other.statement_, nullptr)} {}

SqlStatement& SqlStatement::operator=(SqlStatement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

SqlStatement::~SqlStatement() { sqlite3_finalize(statement_); }

// ---- SqlRow -------------------------------------------------------------------------------------------

double SqlRow::real(int column) {
  sqlite3_value* held = value_in(column);
  if (sqlite3_value_type(held) != SQLITE_FLOAT) {
    wrong_type(column, "a real number");
    return 0;
  }
  const double value = sqlite3_value_double(held);
  if (std::isfinite(value)) return value;
  set_fault(fmt::format("{} is not finite", sqlite3_column_name(statement_, column)));
  return 0;
}

std::string SqlRow::text(int column) {
  if (sqlite3_column_type(statement_, column) != SQLITE_TEXT) {
    wrong_type(column, "text");
    return {};
  }
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) {  // out of memory while converting
    set_fault(fmt::format("{} cannot be read", sqlite3_column_name(statement_, column)));
    return {};
  }
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<std::int64_t> SqlRow::optional_integer(int column, std::int64_t lowest, std::int64_t highest) {
  if (is_null(column)) return std::nullopt;
  return integer(column, lowest, highest);
}

std::optional<double> SqlRow::optional_real(int column) {
  if (is_null(column)) return std::nullopt;
  return real(column);
}

void SqlRow::set_fault(std::string fault) {
  if (fault_.empty()) fault_ = std::move(fault);
}

std::int64_t SqlRow::wrong_type(int column, const char* expected) {
  set_fault(fmt::format("{} is not {}", sqlite3_column_name(statement_, column), expected));
  return 0;
}

std::int64_t SqlRow::out_of_range(int column) {
  set_fault(fmt::format("{} is {}, which is out of range", sqlite3_column_name(statement_, column),
                        sqlite3_column_int64(statement_, column)));
  return 0;
}

// ---- SqlConnection ------------------------------------------------------------------------------------

Result<SqlConnection> SqlConnection::open(const std::string& name, int flags, const char* vfs,
                                          std::string where) {
  sqlite3* database = nullptr;
  const int outcome = sqlite3_open_v2(name.c_str(), &database, flags, vfs);
  SqlConnection connection{database, std::move(where)};  // must be closed also when it could not be opened
  if (outcome != SQLITE_OK) return connection.error();
  sqlite3_extended_result_codes(database, 1);
  return connection;
}

SqlConnection::SqlConnection(SqlConnection&& other) noexcept
    : database_{std::exchange(other.database_, nullptr)}, where_{std::move(other.where_)} {}

SqlConnection& SqlConnection::operator=(SqlConnection&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(where_, other.where_);
  return *this;
}

SqlConnection::~SqlConnection() { sqlite3_close_v2(database_); }

Result<void> SqlConnection::execute(const std::string& sql) const {
  errno = 0;
  if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return error();
  return {};
}

Result<SqlStatement> SqlConnection::prepare(const std::string& sql, bool lasting) const {
  sqlite3_stmt* statement = nullptr;
  const unsigned flags = lasting ? SQLITE_PREPARE_PERSISTENT : 0;
  if (sqlite3_prepare_v3(database_, sql.c_str(), static_cast<int>(sql.size()), flags, &statement, nullptr) !=
      SQLITE_OK)
    return error();
  return SqlStatement{statement};
}

Result<std::int64_t> SqlConnection::integer(const std::string& sql) const {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const int outcome = statement->step();
  if (outcome != SQLITE_ROW && outcome != SQLITE_DONE) return error();
  SqlRow row{*statement};
  if (outcome == SQLITE_DONE) return Error{Errc::malformed, where_, "nothing found by: " + sql};
  const std::int64_t value = row.integer(0);
  if (row.is_faulty()) return Error{Errc::malformed, where_, row.fault()};
  return value;
}

Error SqlConnection::error() const { return error_of(database_, where_); }

}  // namespace layerwatt
