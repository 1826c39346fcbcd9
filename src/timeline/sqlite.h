// SPDX-License-Identifier: Apache-2.0
// SQLite in our words: a connection, a prepared statement, a row whose values are checked as they are taken.
// Errors become Error; nothing here knows what the tables mean. Source: sqlite.org/c3ref.
#pragma once
#include <sqlite3.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace layerwatt {

// A prepared statement. Finalized with the object, which must not outlive its connection.
class SqlStatement {
 public:
  SqlStatement() = default;
  explicit SqlStatement(sqlite3_stmt* statement) : statement_{statement} {}
  SqlStatement(SqlStatement&& other) noexcept;
  SqlStatement& operator=(SqlStatement&& other) noexcept;
  ~SqlStatement();

  // Binds all parameters in order, runs to the end and is ready for the next call. True on success; on
  // failure ask the connection for its error().
  template <class... Values>
  bool run(const Values&... values) {
    int parameter = 0;
    errno = 0;  // see SqlConnection::error()
    const bool bound = (bind(++parameter, values) && ...);
    const int outcome = bound ? sqlite3_step(statement_) : SQLITE_ERROR;
    sqlite3_reset(statement_);
    return outcome == SQLITE_DONE || outcome == SQLITE_ROW;
  }
  // SQLITE_ROW, SQLITE_DONE or an error code.
  int step() { return sqlite3_step(statement_); }
  [[nodiscard]] sqlite3_stmt* get() const { return statement_; }

 private:
  bool bind(int parameter, std::int64_t value) {
    return sqlite3_bind_int64(statement_, parameter, value) == SQLITE_OK;
  }
  bool bind(int parameter, double value) {
    return sqlite3_bind_double(statement_, parameter, value) == SQLITE_OK;
  }
  bool bind(int parameter, std::string_view text) {  // must stay alive until run() returns
    return sqlite3_bind_text64(statement_, parameter, text.data() == nullptr ? "" : text.data(), text.size(),
                               SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK;
  }
  template <class Value>
  bool bind(int parameter, const std::optional<Value>& value) {
    return value ? bind(parameter, *value) : sqlite3_bind_null(statement_, parameter) == SQLITE_OK;
  }

  sqlite3_stmt* statement_ = nullptr;
};

// The row a statement stands on. What a column holds is not believed: the first value of the wrong type or
// out of range becomes the fault of the row, and zero or an empty text is given in its place.
class SqlRow {
 public:
  explicit SqlRow(const SqlStatement& statement) : statement_{statement.get()} {}

  std::int64_t integer(int column, std::int64_t lowest = std::numeric_limits<std::int64_t>::min(),
                       std::int64_t highest = std::numeric_limits<std::int64_t>::max()) {
    sqlite3_value* held = value_in(column);
    if (sqlite3_value_type(held) != SQLITE_INTEGER) return wrong_type(column, "an integer");
    const std::int64_t value = sqlite3_value_int64(held);
    if (value < lowest || value > highest) return out_of_range(column);
    return value;
  }
  double real(int column);  // finite
  std::string text(int column);
  bool boolean(int column) { return integer(column, 0, 1) == 1; }
  std::optional<std::int64_t> optional_integer(int column, std::int64_t lowest, std::int64_t highest);
  std::optional<double> optional_real(int column);

  void set_fault(std::string fault);
  [[nodiscard]] bool is_faulty() const { return !fault_.empty(); }
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  // A number is asked for its type and its value, and each sqlite3_column_ call finds the column and looks
  // after the statement anew. Asking the value itself does neither, nor does it lock (c3ref: an unprotected
  // sqlite3_value), which is right while a connection has one thread.
  [[nodiscard]] sqlite3_value* value_in(int column) const { return sqlite3_column_value(statement_, column); }
  [[nodiscard]] bool is_null(int column) const { return sqlite3_value_type(value_in(column)) == SQLITE_NULL; }
  std::int64_t wrong_type(int column, const char* expected);
  std::int64_t out_of_range(int column);

  sqlite3_stmt* statement_;
  std::string fault_;
};

class SqlConnection {
 public:
  // `flags` are those of sqlite3_open_v2; `vfs` may be null. `where` is what errors name.
  static Result<SqlConnection> open(const std::string& name, int flags, const char* vfs, std::string where);
  SqlConnection(SqlConnection&& other) noexcept;
  SqlConnection& operator=(SqlConnection&& other) noexcept;
  ~SqlConnection();

  // Runs one or more statements, throwing rows away.
  [[nodiscard]] Result<void> execute(const std::string& sql) const;
  // Runs one statement with parameters.
  template <class... Values>
  [[nodiscard]] Result<void> execute_with(const std::string& sql, const Values&... values) const {
    auto statement = prepare(sql);
    if (!statement) return statement.error();
    if (!statement->run(values...)) return error();
    return {};
  }
  // `lasting`: kept and used often (SQLITE_PREPARE_PERSISTENT).
  [[nodiscard]] Result<SqlStatement> prepare(const std::string& sql, bool lasting = false) const;
  // The integer that a query for one value gives; malformed when it gives none.
  [[nodiscard]] Result<std::int64_t> integer(const std::string& sql) const;
  [[nodiscard]] Error error() const;  // of the call that failed just now
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }
  [[nodiscard]] sqlite3* get() const { return database_; }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  SqlConnection(sqlite3* database, std::string where) : database_{database}, where_{std::move(where)} {}
  sqlite3* database_ = nullptr;
  std::string where_;
};

}  // namespace layerwatt
