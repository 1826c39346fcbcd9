// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/temporary_tree.h"
#include "timeline/run_file.h"
#include "timeline/sqlite.h"
#include "timeline/testing/at.h"
#include "timeline/truth.h"

namespace layerwatt {
namespace {

using testing::HasSubstr;

RailRecord power_rail() {
  RailRecord rail;
  rail.channel.rail = "POM_5V_IN";
  return rail;
}

RunFileWriter opened(const std::filesystem::path& path) {
  auto writer = RunFileWriter::create(path, false);
  if (!writer) throw std::runtime_error{writer.error().detail};
  return std::move(*writer);
}

TEST(RunFileWriter, LeavesAnExistingFileAloneUnlessForced) {
  const TemporaryTree folder;
  folder.put("run.lw", "precious");
  const auto refused = RunFileWriter::create(folder.at("run.lw"), false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::exists);
  EXPECT_THAT(refused.error().detail, HasSubstr("--force"));
  EXPECT_EQ(std::filesystem::file_size(folder.at("run.lw")), 8u);
}

TEST(RunFileWriter, ReplacesTheOldRunAndItsLogWhenForced) {
  const TemporaryTree folder;
  folder.put("run.lw", "old");
  folder.put("run.lw-wal", "old log");
  folder.put("run.lw-shm", "old index");
  auto writer = RunFileWriter::create(folder.at("run.lw"), true);
  ASSERT_TRUE(writer) << writer.error().detail;
  ASSERT_TRUE(writer->close(true));
  const auto read = read_run_file(folder.at("run.lw"));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(read->complete);
  EXPECT_FALSE(std::filesystem::exists(folder.at("run.lw-wal")));
}

TEST(RunFileWriter, RefusesWhatIsNotARegularFileEvenWhenForced) {
  const TemporaryTree folder;
  folder.put_directory("directory");
  std::filesystem::create_symlink(folder.at("directory"), folder.at("link"));
  for (const char* name : {"directory", "link", "/dev/null"}) {
    const auto refused = RunFileWriter::create(name[0] == '/' ? name : folder.at(name), true);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, Errc::unsupported) << name;
  }
  EXPECT_TRUE(std::filesystem::is_directory(folder.at("directory")));
}

TEST(RunFileWriter, SaysWhereItCannotCreate) {
  const TemporaryTree folder;
  const auto refused = RunFileWriter::create(folder.at("missing/run.lw"), false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::not_found);
  EXPECT_THAT(refused.error().where, HasSubstr("missing/run.lw"));
  EXPECT_FALSE(RunFileWriter::create("", false));
}

TEST(RunFileWriter, ReplacesTheTargetOfALinkAndKeepsTheLink) {
  const TemporaryTree folder;
  folder.put("target.lw", "old");
  std::filesystem::create_symlink(folder.at("target.lw"), folder.at("link.lw"));
  auto writer = RunFileWriter::create(folder.at("link.lw"), true);
  ASSERT_TRUE(writer) << writer.error().detail;
  ASSERT_TRUE(writer->commit());
  EXPECT_TRUE(std::filesystem::is_symlink(folder.at("link.lw")));
  EXPECT_TRUE(read_run_file(folder.at("link.lw")));  // while it is being written
  EXPECT_TRUE(read_run_file(folder.at("target.lw")));
}

TEST(RunFileWriter, RefusesALinkToNothing) {
  const TemporaryTree folder;
  std::filesystem::create_symlink(folder.at("target.lw"), folder.at("link.lw"));
  for (const bool force : {false, true}) {
    const auto refused = RunFileWriter::create(folder.at("link.lw"), force);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unsupported);
  }
}

TEST(RunFileWriter, TakesANameThatLooksLikeAnAddressLiterally) {
  const TemporaryTree folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.root());
  auto writer = RunFileWriter::create("file:a%20b.lw?mode=memory", false);
  const bool exists = std::filesystem::exists(folder.at("file:a%20b.lw?mode=memory"));
  std::filesystem::current_path(before);
  ASSERT_TRUE(writer) << writer.error().detail;
  EXPECT_TRUE(exists);
}

TEST(RunFileWriter, RollsBackWhatWasNotCommitted) {
  const TemporaryTree folder;
  {
    auto writer = opened(folder.at("run.lw"));
    ASSERT_TRUE(writer.append_event({at(1), "kept", ""}));
    ASSERT_TRUE(writer.commit());
    ASSERT_TRUE(writer.append_event({at(2), "lost", ""}));
  }
  const auto read = read_run_file(folder.at("run.lw"));
  ASSERT_TRUE(read) << read.error().detail;
  ASSERT_EQ(read->events.size(), 1u);
  EXPECT_EQ(read->events[0].kind, "kept");
  EXPECT_FALSE(read->complete);
}

TEST(RunFileWriter, RefusesWhatCouldNotBeReadBackAndGoesOn) {
  const TemporaryTree folder;
  auto writer = opened(folder.at("run.lw"));
  ASSERT_TRUE(writer.add_layers(std::vector<Layer>(1)));
  ASSERT_TRUE(writer.add_rail(power_rail()));
  const auto refused = [](const Result<void>& result) {
    return !result && result.error().code == Errc::malformed;
  };
  const Value none{Watts{std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_TRUE(refused(writer.append_readings(0, std::vector<Reading>{{at(2), at(1), Watts{1}}})));
  EXPECT_TRUE(refused(writer.append_readings(0, std::vector<Reading>{{at(1), at(2), Joules{1}}})));
  EXPECT_TRUE(refused(writer.append_readings(0, std::vector<Reading>{{at(1), at(2), none}})));
  EXPECT_TRUE(refused(writer.append_readings(1, {})));
  EXPECT_TRUE(refused(writer.append_gap(0, {at(2), at(1), ""})));
  EXPECT_TRUE(refused(writer.append_gap(7, {at(1), at(2), ""})));
  EXPECT_TRUE(refused(writer.append_phase({Phase::open, 0, at(2), at(1)})));
  EXPECT_TRUE(refused(writer.append_spans(std::vector<LayerSpan>{{0, 0, at(2), at(1)}})));
  EXPECT_TRUE(refused(writer.append_spans(std::vector<LayerSpan>{{1, 0, at(1), at(2)}})));
  EXPECT_TRUE(refused(
      writer.append_inferences(std::vector<Inference>{{Phase::open, 0, at(1), at(3), at(2), at(4)}})));
  EXPECT_TRUE(refused(writer.append_truth(0, 1, Joules{1})));
  ASSERT_TRUE(writer.append_readings(0, std::vector<Reading>{{at(1), at(1), Watts{-0.5}}}));
  ASSERT_TRUE(writer.close(true));
  const auto read = read_run_file(folder.at("run.lw"));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->rails[0].readings.size(), 1u);
}

TEST(RunFileWriter, KeepsTruthAndResultApartFromTheTimeline) {
  const TemporaryTree folder;
  auto writer = opened(folder.at("run.lw"));
  ASSERT_TRUE(writer.add_layers(std::vector<Layer>(2)));
  ASSERT_TRUE(writer.add_rail(power_rail()));
  ASSERT_TRUE(writer.append_truth(1, 0, Joules{0.25}));
  ASSERT_TRUE(writer.set_result("chronological", "{}"));
  ASSERT_TRUE(writer.set_result("chronological", "{\"layers\":[]}"));
  ASSERT_TRUE(writer.close(true));
  const auto truth = read_truth(folder.at("run.lw"));
  ASSERT_TRUE(truth) << truth.error().detail;
  ASSERT_EQ(truth->size(), 1u);
  EXPECT_EQ((*truth)[0].layer, 1u);
  EXPECT_EQ((*truth)[0].mean_energy, Joules{0.25});
}

TEST(RunFileWriter, SaysThatTheLogBelongsToTheRunWhenAReaderHoldsIt) {
  const TemporaryTree folder;
  auto writer = opened(folder.at("run.lw"));
  ASSERT_TRUE(writer.append_event({at(1), "kept", ""}));
  ASSERT_TRUE(writer.commit());
  auto reader = SqlConnection::open(folder.at("run.lw"), SQLITE_OPEN_READONLY, nullptr, "");
  ASSERT_TRUE(reader);
  ASSERT_TRUE(reader->execute("BEGIN; SELECT * FROM event"));
  const auto closed = writer.close(true);
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, Errc::busy);
  EXPECT_THAT(closed.error().detail, HasSubstr("run.lw-wal"));
  const auto read = read_run_file(folder.at("run.lw"));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(read->complete);
}

}  // namespace
}  // namespace layerwatt
