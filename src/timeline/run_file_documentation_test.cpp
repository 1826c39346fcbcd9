// SPDX-License-Identifier: Apache-2.0
// docs/run-file.md must not promise what the file does not hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/temporary_tree.h"
#include "timeline/run_file.h"
#include "timeline/schema.h"
#include "timeline/tables.h"
#include "timeline/testing/at.h"

namespace layerwatt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string documentation() {
  std::ostringstream text;
  text << std::ifstream{LAYERWATT_SOURCE "/docs/run-file.md"}.rdbuf();
  return text.str();
}

std::vector<std::string> queries() {
  const std::string text = documentation(), open = "```sql\n";
  std::vector<std::string> found;
  for (auto at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
    const auto begin = at + open.size();
    found.push_back(text.substr(begin, text.find("```", begin) - begin));
  }
  return found;
}

// Stamps far from zero, as a machine's are.
Timeline example() {
  constexpr std::int64_t start = 7'000'000'000;
  Timeline run;
  run.circumstances["board"] = "NVIDIA Jetson Nano";
  run.clocks_at_start = {at(start), Nanoseconds{start}, Nanoseconds{1'700'000'000'000'000'000}};
  run.layers.resize(2);
  run.layers[0].name = "conv1";
  run.layers[1].name = "relu1";
  run.rails.resize(1);
  run.rails[0].channel.rail = "POM_5V_IN";
  for (int i = 0; i < 30; ++i)
    run.rails[0].readings.push_back(
        {at(start + i * 1'000'000), at(start + i * 1'000'000 + 40'000), Watts{i < 10 ? 1.0 : 3.0}});
  run.phases = {{Phase::idle_before, 0, at(start), at(start + 10'000'000)},
                {Phase::energy, 0, at(start + 10'000'000), at(start + 30'000'000)}};
  run.inferences = {{Phase::energy, 0, at(start + 10'000'000), at(start + 11'000'000), at(start + 19'000'000),
                     at(start + 20'000'000)},
                    {Phase::energy, 0, at(start + 20'000'000), at(start + 20'000'000), at(start + 25'000'000),
                     at(start + 25'000'000)}};
  run.spans = {{0, 0, at(start + 11'000'000), at(start + 15'000'000)},
               {1, 0, at(start + 15'000'000), at(start + 16'000'000)},
               {0, 1, at(start + 20'000'000), at(start + 22'000'000)}};
  run.events = {{at(start + 12'000'000), "throttle", "too hot"}};
  run.complete = true;
  return run;
}

// Rows as the sqlite3 shell would show them: cells between bars.
std::vector<std::string> answer(const SqlConnection& file, const std::string& query) {
  auto statement = file.prepare(query);
  if (!statement) return {statement.error().detail};
  std::vector<std::string> rows;
  while (statement->step() == SQLITE_ROW) {
    std::string row;
    for (int i = 0; i < sqlite3_column_count(statement->get()); ++i) {
      const auto* cell = reinterpret_cast<const char*>(sqlite3_column_text(statement->get(), i));
      if (i > 0) row += '|';
      row += cell == nullptr ? "NULL" : cell;
    }
    rows.push_back(row);
  }
  return rows;
}

TEST(RunFileDocumentation, AnswersItsFiveQuestions) {
  const TemporaryTree folder;
  ASSERT_TRUE(write_run_file(folder.at("run.lw"), example(), false));
  auto file = SqlConnection::open(folder.at("run.lw"), SQLITE_OPEN_READONLY, nullptr, "");
  ASSERT_TRUE(file);
  const auto ask = queries();
  ASSERT_EQ(ask.size(), 5u);
  EXPECT_THAT(answer(*file, ask[0]), ElementsAre("conv1||2|3.0|4.0", "relu1||1|1.0|1.0"));
  EXPECT_THAT(answer(*file, ask[1]),
              ElementsAre("POM_5V_IN|measured|idle_before|0|10|1.0", "POM_5V_IN|measured|energy|0|20|3.0"));
  EXPECT_THAT(answer(*file, ask[2]), ElementsAre("POM_5V_IN|30|1.0|40.0|40.0"));
  EXPECT_THAT(answer(*file, ask[3]), ElementsAre("0|energy|0|0.01|1.0|8.0|1.0|10.0|throttle: too hot",
                                                 "1|energy|0|0.02|0.0|5.0|0.0|5.0|NULL"));
  EXPECT_THAT(answer(*file, ask[4]),
              ElementsAre("board|NVIDIA Jetson Nano", "started|2023-11-14 22:13:20", "ended in order|yes"));
}

TEST(RunFileDocumentation, NamesEveryTableAndColumn) {
  const std::string text = documentation();
  const TemporaryTree folder;
  ASSERT_TRUE(write_run_file(folder.at("run.lw"), Timeline{}, false));
  auto file = SqlConnection::open(folder.at("run.lw"), SQLITE_OPEN_READONLY, nullptr, "");
  for (const auto table : run_file_tables) {
    const auto at = text.find("| `" + std::string{table} + "` |");
    ASSERT_NE(at, std::string::npos) << table;
    const std::string row = text.substr(at, text.find('\n', at) - at);
    for (const auto& column :
         answer(*file, "SELECT name FROM pragma_table_info('" + std::string{table} + "')"))
      EXPECT_THAT(row, HasSubstr("`" + column + "`")) << table;
  }
  for (const auto& view : answer(*file, "SELECT name FROM sqlite_schema WHERE type = 'view'")) {
    const auto columns =
        answer(*file, "SELECT group_concat(name, ', ') FROM pragma_table_info('" + view + "')");
    EXPECT_THAT(text, HasSubstr("- `" + view + "` (" + columns.at(0) + ")\n"));
  }
  for (const auto table : table_names()) EXPECT_THAT(text, HasSubstr("`" + std::string{table} + "`"));
}

TEST(RunFileDocumentation, NamesTheVersion) {
  EXPECT_THAT(documentation(), HasSubstr("the version of the tables: " + std::to_string(run_file_schema)));
  EXPECT_THAT(documentation(), HasSubstr("0x4C575254"));
  EXPECT_EQ(run_file_application_id, 0x4C575254u);
}

}  // namespace
}  // namespace layerwatt
