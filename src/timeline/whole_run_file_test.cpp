// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/temporary_tree.h"
#include "timeline/random_timeline.h"
#include "timeline/run_file.h"

namespace layerwatt {
namespace {

TEST(WholeRunFile, GivesBackEveryTimelineExactly) {
  const TemporaryTree folder;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Timeline run = RandomTimeline{seed}.make();
    const auto path = folder.at("run.lw");
    const auto written = write_run_file(path, run, true);
    ASSERT_TRUE(written) << "seed " << seed << ": " << written.error().detail;
    const auto read = read_run_file(path);
    ASSERT_TRUE(read) << "seed " << seed << ": " << read.error().detail;
    EXPECT_TRUE(*read == run) << "seed " << seed;
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder.root()}, {}), 1) << "one file travels";
  }
}

TEST(WholeRunFile, GivesBackAnEmptyTimeline) {
  const TemporaryTree folder;
  ASSERT_TRUE(write_run_file(folder.at("run.lw"), Timeline{}, false));
  const auto read = read_run_file(folder.at("run.lw"));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(*read == Timeline{});
}

TEST(WholeRunFile, GivesBackStampsFromBothEndsOfTime) {
  Timeline run;
  run.events = {{Instant::min(), "first", ""}, {Instant::max(), "last", ""}};
  run.phases = {{Phase::open, 0, Instant::min(), Instant::max()}};
  const TemporaryTree folder;
  ASSERT_TRUE(write_run_file(folder.at("run.lw"), run, false));
  const auto read = read_run_file(folder.at("run.lw"));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(*read == run);
}

TEST(WholeRunFile, LeavesNoFileWhenTheTimelineCannotBeWritten) {
  Timeline run;
  run.inferences.resize(1);
  run.inferences[0].load_begin = Instant{Nanoseconds{1}};  // after its compute_begin
  const TemporaryTree folder;
  const auto written = write_run_file(folder.at("run.lw"), run, false);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::malformed);
  EXPECT_TRUE(std::filesystem::is_empty(folder.root()));
}

}  // namespace
}  // namespace layerwatt
