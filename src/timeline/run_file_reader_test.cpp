// SPDX-License-Identifier: Apache-2.0
// Files that are not run files, damaged ones, and ones made to hurt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "core/temporary_tree.h"
#include "timeline/run_file.h"
#include "timeline/schema.h"
#include "timeline/sqlite.h"
#include "timeline/testing/at.h"
#include "timeline/truth.h"

namespace layerwatt {
namespace {

using testing::HasSubstr;

// Two layers, one rail, three inferences; every table has a row.
Timeline small_run() {
  Timeline run;
  run.circumstances["board"] = "jetson-nano";
  run.clocks_at_start = {at(5), Nanoseconds{6}, Nanoseconds{7}};
  run.clocks_at_end = {at(9'000), Nanoseconds{9'001}, Nanoseconds{9'002}};
  run.layers.resize(2);
  run.layers[0].inputs = {{1, 3, 224, 224}};
  run.rails.resize(1);
  run.rails[0].channel.read_on_update = true;
  run.rails[0].channel.voltage_aperture = Nanoseconds{140'000};
  run.rails[0].channel.accuracy.shunt_offset = Volts{80e-6};
  run.rails[0].channel.accuracy.source = "data sheet";
  run.rails[0].calibration = {1.03,        0.002,
                              Watts{4},    Watts{4.1},
                              Watts{0.01}, Watts{2},
                              Watts{7},    {{0.001, Watts{0.002}}},
                              "csv",       "2026-11-22 04:35 UTC"};
  run.rails[0].supply_loss = {Watts{0.3}, Watts{0.1}, Watts{0.6}, Watts{0.1},
                              Watts{2.3}, Watts{7.6}, "csv",      "2026-11-22 04:35 UTC"};
  for (int i = 0; i < 40; ++i)
    run.rails[0].readings.push_back({at(i * 100), at(i * 100 + 30), Watts{0.1 * i}});
  run.rails[0].gaps = {{at(5'000), at(6'000), "busy"}};
  run.phases = {{Phase::energy, 0, at(0), at(4'000)}};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const std::int64_t start = 1000 * i;
    run.inferences.push_back(
        {Phase::energy, 0, at(start), at(start + 100), at(start + 800), at(start + 900)});
    run.spans.push_back({0, i, at(start + 100), at(start + 300)});
    run.spans.push_back({1, i, at(start + 310), at(start + 800)});
  }
  run.events = {{at(50), "throttle", "hot"}};
  run.complete = true;
  return run;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream{path, std::ios::binary}.rdbuf();
  return bytes.str();
}

// The error of reading `bytes` as a run file; a test failure when there is none.
Error error_of(const std::string& bytes) {
  const TemporaryTree folder;
  folder.put("run.lw", bytes);
  const auto read = read_run_file(folder.at("run.lw"));
  EXPECT_FALSE(read);
  return read ? Error{Errc::exists, "", ""} : read.error();
}

TEST(RunFileReader, NamesWhatIsNotARunFile) {
  EXPECT_THAT(error_of("").detail, HasSubstr("empty"));
  EXPECT_THAT(error_of("hello, I am text").detail, HasSubstr("not a run file"));
  std::mt19937 random{1};
  std::string noise(8192, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  EXPECT_EQ(error_of(noise).code, Errc::malformed);
  EXPECT_EQ(error_of(std::string{"SQLite format 3\0", 16} + noise).code, Errc::malformed);
}

TEST(RunFileReader, TellsMissingFilesAndDirectoriesApart) {
  const TemporaryTree folder;
  const auto missing = read_run_file(folder.at("missing.lw"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  const auto directory = read_run_file(folder.root());
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().code, Errc::malformed);
  EXPECT_THAT(directory.error().detail, HasSubstr("directory"));
  EXPECT_FALSE(read_run_file("/dev/zero"));
}

TEST(RunFileReader, RefusesADatabaseOfAnotherProgram) {
  const TemporaryTree folder;
  auto other =
      SqlConnection::open(folder.at("run.lw"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr, "");
  ASSERT_TRUE(other->execute("CREATE TABLE span(x)"));
  const auto read = read_run_file(folder.at("run.lw"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::malformed);
  EXPECT_THAT(read.error().detail, HasSubstr("not a run file of layerwatt"));
}

// A run file after `sql` was done to it by someone else's program.
class ChangedFile {
 public:
  explicit ChangedFile(const std::string& sql) {
    EXPECT_TRUE(write_run_file(path(), small_run(), false));
    auto database = SqlConnection::open(path(), SQLITE_OPEN_READWRITE, nullptr, "");
    const auto done = database->execute(sql);
    EXPECT_TRUE(done) << sql << ": " << done.error().detail;
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_.at("run.lw"); }

 private:
  TemporaryTree folder_;
};

TEST(RunFileReader, SaysWhichSchemaANewerFileHas) {
  const ChangedFile file{"PRAGMA user_version = 7"};
  const auto read = read_run_file(file.path());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::unsupported);
  EXPECT_THAT(read.error().detail, HasSubstr("newer layerwatt: its schema is 7, this one reads up to " +
                                             std::to_string(run_file_schema)));
  EXPECT_FALSE(read_truth(file.path()));
}

TEST(RunFileReader, ReadsAFileThatOthersExtended) {
  const ChangedFile file{
      "CREATE TABLE notes(text); CREATE INDEX by_layer ON span(layer); ALTER TABLE layer ADD COLUMN colour "
      "TEXT;"
      "VACUUM"};
  const auto read = read_run_file(file.path());
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(*read == small_run());
}

TEST(RunFileReader, ReadsVersion2WhichKnewNoCalibration) {
  const ChangedFile file{"DROP TABLE calibration; DROP TABLE supply_loss; PRAGMA user_version = 2"};
  const auto read = read_run_file(file.path());
  ASSERT_TRUE(read) << read.error().detail;
  Timeline expected = small_run();
  expected.rails[0].calibration.reset();
  expected.rails[0].supply_loss.reset();
  EXPECT_TRUE(*read == expected);
}

TEST(RunFileReader, ReadsVersion1WhichKnewNoAccuracy) {
  const ChangedFile file{
      "DROP TABLE accuracy; DROP TABLE calibration; DROP TABLE supply_loss; ALTER TABLE rail DROP COLUMN "
      "read_on_update; "
      "ALTER TABLE rail DROP COLUMN voltage_aperture_ns; PRAGMA user_version = 1"};
  const auto read = read_run_file(file.path());
  ASSERT_TRUE(read) << read.error().detail;
  Timeline expected = small_run();
  expected.rails[0].channel.read_on_update = false;
  expected.rails[0].channel.voltage_aperture.reset();
  expected.rails[0].channel.accuracy = {};
  expected.rails[0].calibration.reset();
  expected.rails[0].supply_loss.reset();
  EXPECT_TRUE(*read == expected);
}

TEST(RunFileReader, PutsRowsInOrderOfTime) {
  const ChangedFile file{
      "CREATE TABLE x AS SELECT * FROM span ORDER BY begin_ns DESC; DELETE FROM span; INSERT INTO span "
      "SELECT * FROM "
      "x; CREATE TABLE y AS SELECT * FROM reading ORDER BY before_ns DESC; DELETE FROM reading;"
      "INSERT INTO reading SELECT * FROM y"};
  const auto read = read_run_file(file.path());
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(*read == small_run());
}

// Without the STRICT that would have refused it.
std::string loosened(const std::string& table, const std::string& change) {
  return "PRAGMA legacy_alter_table = ON; CREATE TABLE x AS SELECT * FROM " + table + "; DROP TABLE " +
         table + "; ALTER TABLE x RENAME TO " + table + "; " + change;
}

TEST(RunFileReader, RejectsValuesThatCannotBe) {
  const std::string changes[] = {
      "UPDATE span SET layer = 2",
      "UPDATE span SET layer = -1",
      "UPDATE span SET inference = 3",
      "UPDATE span SET inference = 4294967296",
      "UPDATE span SET duration_ns = -1",
      "UPDATE span SET duration_ns = 9223372036854775807",
      "UPDATE reading SET rail = 1",
      "UPDATE reading SET took_ns = -5",
      "UPDATE reading SET value = 9e999",
      "UPDATE gap SET rail = 1",
      "UPDATE gap SET to_ns = from_ns - 1",
      "UPDATE inference SET phase = 'lunch'",
      "UPDATE inference SET block = -1",
      "UPDATE inference SET id = 17 WHERE id = 2",
      "UPDATE inference SET compute_end_ns = 0",
      "DELETE FROM inference WHERE id = 0",
      "DELETE FROM layer WHERE id = 0",
      "UPDATE layer SET macs = -1",
      "UPDATE layer SET inputs = '[[1,'",
      "UPDATE layer SET sources = '{}'",
      "UPDATE layer SET kernel = '[99999999999999999999]'",
      "UPDATE rail SET origin = 'guessed'",
      "UPDATE rail SET meaning = ''",
      "UPDATE rail SET averaging = 4294967296",
      "UPDATE rail SET aperture_ns = -1",
      "UPDATE rail SET quantum_w = -9e999",
      "UPDATE rail SET is_total = 2",
      "UPDATE calibration SET rail = 1",
      "UPDATE calibration SET gain = -1.0",
      "UPDATE calibration SET gain = 9e999",
      "UPDATE calibration SET gain_half_width = -0.1",
      "UPDATE calibration SET to_w = from_w",
      "UPDATE calibration SET meter_gain = NULL",
      "UPDATE supply_loss SET idle_w = 9e999",
      "UPDATE supply_loss SET loaded_half_width_w = -1.0",
      "UPDATE phase SET block = 99999999999",
      "UPDATE sampler SET ticks = -1",
      "UPDATE sampler SET lateness = '[-1]'",
      "UPDATE markers SET dropped = -1",
      "UPDATE clock SET moment = 'middle' WHERE moment = 'end'",
      "UPDATE recording SET complete = 2",
      "DELETE FROM recording",
      "INSERT INTO recording SELECT * FROM recording",
      "DELETE FROM sampler",
      "DROP TABLE event",
      "DROP VIEW span_ms; ALTER TABLE span DROP COLUMN duration_ns",
      "UPDATE event SET text = zeroblob(67108865)",
      loosened("span", "UPDATE span SET begin_ns = NULL"),
      loosened("span", "UPDATE span SET begin_ns = 'soon'"),
      loosened("span", "UPDATE span SET layer = 0.5"),
      loosened("reading", "UPDATE reading SET value = x'00'"),
      loosened("run", "UPDATE run SET value = NULL"),
      loosened("event", "UPDATE event SET text = x'05'"),
      loosened("layer", "UPDATE layer SET id = NULL"),
      loosened("rail", "UPDATE rail SET quantum_w = 'much'"),
      "UPDATE accuracy SET rail = 3",
      loosened("accuracy", "UPDATE accuracy SET shunt_gain = 'little'"),
      loosened("accuracy", "UPDATE accuracy SET source = NULL"),
  };
  for (const auto& change : changes) {
    const ChangedFile file{change.find("zeroblob") == std::string::npos ? change : loosened("event", change)};
    const auto read = read_run_file(file.path());
    ASSERT_FALSE(read) << change;
    EXPECT_EQ(read.error().code, Errc::malformed) << change << ": " << read.error().detail;
    EXPECT_GT(read.error().detail.size(), 10u) << change;
  }
}

TEST(RunFileReader, SaysWhatIsWrongAndWhere) {
  const ChangedFile file{"UPDATE span SET duration_ns = -5 WHERE rowid = 2"};
  const auto read = read_run_file(file.path());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().detail, "damaged: table span, row 2: duration_ns is -5, which is out of range");
  EXPECT_EQ(read.error().where, file.path().string());
}

TEST(RunFileReader, RunsNothingThatAFileBrings) {
  const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";
  const std::string changes[] = {
      "DROP TABLE span; CREATE VIEW span AS " + endless +
          "SELECT 0 AS layer, 0 AS inference, i AS begin_ns, 0 AS duration_ns FROM n",
      "DROP TABLE event; CREATE TABLE event(at_ns INTEGER, kind TEXT AS (hex(zeroblob(10000000))), text "
      "TEXT)",
      "DROP TABLE gap; CREATE VIRTUAL TABLE gap USING fts5(rail, from_ns, to_ns, why)",
  };
  for (const auto& change : changes) {
    const ChangedFile file{change};
    const auto read = read_run_file(file.path());
    ASSERT_FALSE(read) << change;
    EXPECT_EQ(read.error().code, Errc::malformed) << change;
  }
}

TEST(RunFileReader, LeavesOutSpansOfInferencesThatHadNotEnded) {
  const ChangedFile file{"UPDATE recording SET complete = 0; DELETE FROM inference WHERE id = 2"};
  const auto read = read_run_file(file.path());
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->spans.size(), 4u);
  ASSERT_EQ(read->events.size(), 2u);
  EXPECT_EQ(read->events[1],
            (Event{at(2'100), "unfinished", "2 layer spans of inferences that had not ended are left out"}));
}

TEST(RunFileReader, RejectsTruncatedFiles) {
  const TemporaryTree folder;
  ASSERT_TRUE(write_run_file(folder.at("whole.lw"), small_run(), false));
  const std::string whole = bytes_of(folder.at("whole.lw"));
  for (const std::size_t length :
       {std::size_t{1}, std::size_t{50}, std::size_t{99}, std::size_t{100}, std::size_t{1000},
        std::size_t{4096}, std::size_t{6000}, whole.size() / 2, whole.size() - 4096, whole.size() - 1})
    EXPECT_EQ(error_of(whole.substr(0, length)).code, Errc::malformed) << length << " bytes";
}

// Bytes changed at random: whatever comes out, it comes out as a Result. Run under sanitizers.
TEST(RunFileReader, SurvivesDamageAnywhere) {
  const TemporaryTree folder;
  ASSERT_TRUE(write_run_file(folder.at("whole.lw"), small_run(), false));
  const std::string whole = bytes_of(folder.at("whole.lw"));
  std::mt19937_64 random{2026};
  int refused = 0;
  for (int round = 0; round < 600; ++round) {
    std::string bytes = whole;
    for (std::uint64_t changes = 1 + random() % 12; changes > 0; --changes) {
      // Half of them where a page keeps its structure.
      const std::size_t page = random() % (whole.size() / 4096) * 4096;
      bytes[page + random() % (random() % 2 == 0 ? 64 : 4096)] = static_cast<char>(random());
    }
    folder.put("damaged.lw", bytes);
    const auto read = read_run_file(folder.at("damaged.lw"));
    if (read) continue;
    ++refused;
    EXPECT_FALSE(read.error().detail.empty());
  }
  EXPECT_GT(refused, 100);
}

void put_big_endian(std::string& bytes, std::size_t position, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes[position++] = static_cast<char>(value >> shift);
}

std::size_t two_bytes(const std::string& bytes, std::size_t position) {
  return std::size_t{static_cast<unsigned char>(bytes[position])} << 8 |
         static_cast<unsigned char>(bytes[position + 1]);
}

// Makes all children of the inner page `page` (from 1, of 4096 bytes) the page `child`.
// Layout: sqlite.org/fileformat2.html, "B-tree Pages".
void redirect(std::string& bytes, std::size_t page, std::uint32_t child) {
  const std::size_t base = (page - 1) * 4096;
  ASSERT_EQ(bytes[base], 0x05) << "an inner page of a table";
  for (std::size_t cell = 0; cell < two_bytes(bytes, base + 3); ++cell)
    put_big_endian(bytes, base + two_bytes(bytes, base + 12 + 2 * cell), child);
  put_big_endian(bytes, base + 8, child);
}

TEST(RunFileReader, CountsTheRowsOfATreeThatMeetsItselfAgain) {
  const TemporaryTree folder;
  Timeline run = small_run();
  for (int i = 0; i < 60'000; ++i) run.events.push_back({at(i), "", ""});
  ASSERT_TRUE(write_run_file(folder.at("run.lw"), run, false));
  std::size_t root = 0;
  {
    auto database = SqlConnection::open(folder.at("run.lw"), SQLITE_OPEN_READONLY, nullptr, "");
    root = static_cast<std::size_t>(
        *database->integer("SELECT rootpage FROM sqlite_schema WHERE name = 'event'"));
  }
  // Root -> copy -> copy -> copy -> a leaf, each hundreds of times over: ten thousand million rows.
  std::string bytes = bytes_of(folder.at("run.lw"));
  const std::string inner = bytes.substr((root - 1) * 4096, 4096);
  const auto child_at = [&](std::size_t cell) {
    const std::size_t position = two_bytes(inner, 12 + 2 * cell);
    return static_cast<std::uint32_t>(two_bytes(inner, position) << 16 | two_bytes(inner, position + 2));
  };
  ASSERT_GT(two_bytes(inner, 3), 100u);
  std::size_t parent = root;
  for (std::size_t level = 0; level < 3; ++level) {
    const std::uint32_t copy = child_at(level);
    redirect(bytes, parent, copy);
    bytes.replace((copy - 1) * 4096, 4096, inner);
    parent = copy;
  }
  redirect(bytes, parent, child_at(10));
  const Error error = error_of(bytes);
  EXPECT_EQ(error.code, Errc::malformed);
  EXPECT_THAT(error.detail, HasSubstr("more rows than fit the file"));
}

TEST(RunFileReader, IgnoresALogThatBelongsToAnotherFile) {
  const TemporaryTree folder;
  ASSERT_TRUE(write_run_file(folder.at("run.lw"), small_run(), false));
  folder.put("run.lw-wal", std::string(10'000, 'x'));
  const auto read = read_run_file(folder.at("run.lw"));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(*read == small_run());
  folder.put_directory("run.lw-wal");
  EXPECT_FALSE(read_run_file(folder.at("run.lw")));
}

}  // namespace
}  // namespace layerwatt
