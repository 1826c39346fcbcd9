// SPDX-License-Identifier: Apache-2.0
#include "timeline/schema.h"

#include <gtest/gtest.h>

namespace layerwatt {
namespace {

SqlConnection memory() {
  auto connection =
      SqlConnection::open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr, "memory");
  return std::move(*connection);
}

TEST(Schema, DefinesEveryTableItLists) {
  const SqlConnection database = memory();
  ASSERT_TRUE(database.execute(std::string{run_file_definition()}));
  for (const auto table : run_file_tables)
    EXPECT_TRUE(database.integer("SELECT count(*) FROM " + std::string{table})) << table;
  const auto tables = database.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'table'");
  ASSERT_TRUE(tables);
  EXPECT_EQ(static_cast<std::size_t>(*tables), run_file_tables.size());
}

TEST(Schema, EveryViewCanBeQueried) {
  const SqlConnection database = memory();
  ASSERT_TRUE(database.execute(std::string{run_file_definition()}));
  for (const char* view : {"reading_w", "reading_j", "span_ms", "inference_ms"})
    EXPECT_TRUE(database.integer(std::string{"SELECT count(*) FROM "} + view)) << view;
}

// A made-up history. Version 1 had an event's time in ms and no markers; 2 renamed its text; 3 has both in
// today's form.
constexpr std::array<SchemaStep, 3> made_up{
    {{1, "event", "SELECT at_ms * 1000000 AS at_ns, kind, words AS message FROM {event}"},
     {1, "markers", "SELECT (SELECT count(*) FROM {event}) AS written, 0 AS dropped"},
     {2, "event", "SELECT at_ns, kind, message AS text FROM {event}"}}};

TEST(Schema, ShowsAnOlderFileAsTheCurrentVersionStepByStep) {
  const SqlConnection database = memory();
  ASSERT_TRUE(
      database.execute("CREATE TABLE event(at_ms INTEGER, kind TEXT, words TEXT);"
                       "INSERT INTO event VALUES(5, 'throttle', 'hot')"));
  ASSERT_TRUE(present_as_current(database, 1, made_up));
  const auto time = database.integer("SELECT at_ns FROM event WHERE text = 'hot'");
  ASSERT_TRUE(time) << time.error().detail;
  EXPECT_EQ(*time, 5'000'000);
  EXPECT_EQ(database.integer("SELECT written FROM markers").value_or(-1), 1);
}

TEST(Schema, AppliesOnlyTheStepsAfterTheVersionOfTheFile) {
  const SqlConnection database = memory();
  ASSERT_TRUE(
      database.execute("CREATE TABLE event(at_ns INTEGER, kind TEXT, message TEXT);"
                       "CREATE TABLE markers(written INTEGER, dropped INTEGER);"
                       "INSERT INTO event VALUES(7, 'throttle', 'hot')"));
  ASSERT_TRUE(present_as_current(database, 2, made_up));
  EXPECT_EQ(database.integer("SELECT at_ns FROM event WHERE text = 'hot'").value_or(-1), 7);
  EXPECT_EQ(database.integer("SELECT count(*) FROM sqlite_temp_schema").value_or(-1), 1);
}

TEST(Schema, StepsLeadFromEveryVersionToTheCurrentOne) {
  int version = 1;
  for (const auto& step : schema_steps()) {
    EXPECT_TRUE(step.from == version || step.from == version + 1) << step.table;
    version = step.from;
  }
  EXPECT_EQ(schema_steps().empty() ? 1 : version + 1, run_file_schema);
}

}  // namespace
}  // namespace layerwatt
