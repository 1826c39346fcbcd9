// SPDX-License-Identifier: Apache-2.0
// What is left of a run whose writer was killed, whose disk was full, or whose folder nobody may write to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <random>
#include <thread>

#include "core/temporary_tree.h"
#include "timeline/run_file.h"
#include "timeline/testing/at.h"

namespace layerwatt {
namespace {

using testing::HasSubstr;

Result<void> prepare(RunFileWriter& writer) {
  if (auto added = writer.add_layers(std::vector<Layer>(2)); !added) return added;
  if (auto added = writer.add_rail(RailRecord{}); !added) return added.error();
  return writer.commit();
}

// Inference `i` with its two spans and ten readings; then a commit.
Result<void> write_inference(RunFileWriter& writer, std::uint32_t i) {
  const std::int64_t start = std::int64_t{i} * 1000;
  const Inference one{Phase::energy, 0, at(start), at(start), at(start + 20), at(start + 20)};
  const LayerSpan spans[] = {{0, i, at(start), at(start + 10)}, {1, i, at(start + 10), at(start + 20)}};
  std::vector<Reading> readings;
  for (std::int64_t k = 0; k < 10; ++k) readings.push_back({at(start + k), at(start + k), Watts{1}});
  if (auto done = writer.append_inferences({&one, 1}); !done) return done;
  if (auto done = writer.append_spans(spans); !done) return done;
  if (auto done = writer.append_readings(0, readings); !done) return done;
  return writer.commit();
}

// Everything of the first inferences, or nothing of the later ones: commits are whole.
void expect_whole_inferences(const Timeline& run, std::uint32_t count) {
  EXPECT_EQ(run.inferences.size(), count);
  EXPECT_EQ(run.spans.size(), std::size_t{2} * count);
  EXPECT_EQ(run.rails.at(0).readings.size(), std::size_t{10} * count);
}

// A child process that writes inferences until it is killed or fails, and tells how many were committed.
class WriterProcess {
 public:
  explicit WriterProcess(const std::filesystem::path& path, rlim_t largest_file = RLIM_INFINITY) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    process_ = fork();
    if (process_ == 0) {
      ::close(ends[0]);
      _exit(write_until_the_end(path, ends[1], largest_file));
    }
    ::close(ends[1]);
    committed_ = ends[0];
  }
  WriterProcess(const WriterProcess&) = delete;
  WriterProcess& operator=(const WriterProcess&) = delete;
  ~WriterProcess() { ::close(committed_); }

  // Waits until the count reaches `least`, then kills.
  std::uint32_t kill_after(std::uint32_t least, std::chrono::microseconds delay) {
    while (count_ < least && take()) {
    }
    std::this_thread::sleep_for(delay);
    ::kill(process_, SIGKILL);
    return last_count();
  }
  // The last count that it told before it ended.
  std::uint32_t last_count() {
    while (take()) {
    }
    waitpid(process_, &status_, 0);
    return count_;
  }
  [[nodiscard]] int status() const { return status_; }

 private:
  static int write_until_the_end(const std::filesystem::path& path, int told, rlim_t largest_file) {
    const rlimit limit{largest_file, largest_file};
    setrlimit(RLIMIT_FSIZE, &limit);
    auto writer = RunFileWriter::create(path, false);
    if (!writer || !prepare(*writer)) return 100;
    for (std::uint32_t count = 0;;) {
      if (auto done = write_inference(*writer, count); !done) {
        const bool stays_so = !writer->commit() && !writer->close(true);
        return stays_so ? static_cast<int>(done.error().code) : 101;
      }
      ++count;
      if (::write(told, &count, sizeof count) != sizeof count) return 102;
    }
  }
  bool take() { return ::read(committed_, &count_, sizeof count_) == sizeof count_; }

  pid_t process_ = 0;
  int committed_ = 0, status_ = 0;
  std::uint32_t count_ = 0;
};

TEST(RunFileCrash, KeepsEveryCommitWhenItsWriterIsKilled) {
  std::mt19937 random{20};
  for (int round = 0; round < 20; ++round) {
    const TemporaryTree folder;
    WriterProcess writer{folder.at("run.lw")};
    const std::chrono::microseconds delay{random() % 5'000};
    const std::uint32_t told = writer.kill_after(static_cast<std::uint32_t>(1 + random() % 200), delay);
    ASSERT_TRUE(WIFSIGNALED(writer.status()));
    const auto read = read_run_file(folder.at("run.lw"));
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_FALSE(read->complete);
    // One more when it was killed between the commit and telling of it.
    const auto found = static_cast<std::uint32_t>(read->inferences.size());
    EXPECT_TRUE(found == told || found == told + 1) << found << " of " << told;
    expect_whole_inferences(*read, found);
    const auto again = read_run_file(folder.at("run.lw"));
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_TRUE(*again == *read) << "reading changes nothing";
  }
}

TEST(RunFileCrash, KeepsEveryCommitWhenTheFileMayNotGrow) {
  // The log, which is copied into the file at about 4 MB, reaches both; the tables alone take 86 kB.
  for (const rlim_t largest : {rlim_t{200'000}, rlim_t{2'000'000}}) {
    const TemporaryTree folder;
    WriterProcess writer{folder.at("run.lw"), largest};
    const std::uint32_t told = writer.last_count();
    ASSERT_TRUE(WIFEXITED(writer.status())) << "signal " << WTERMSIG(writer.status());
    EXPECT_EQ(WEXITSTATUS(writer.status()), static_cast<int>(Errc::full));
    EXPECT_GT(told, 1u);
    const auto read = read_run_file(folder.at("run.lw"));
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_FALSE(read->complete);
    expect_whole_inferences(*read, told);
  }
}

TEST(RunFileCrash, LeavesNothingWhenNotEvenTheTablesFit) {
  const TemporaryTree folder;
  WriterProcess writer{folder.at("run.lw"), 10'000};
  writer.last_count();
  ASSERT_TRUE(WIFEXITED(writer.status())) << "signal " << WTERMSIG(writer.status());
  EXPECT_EQ(WEXITSTATUS(writer.status()), 100);
  EXPECT_TRUE(std::filesystem::is_empty(folder.root()));
}

TEST(RunFileCrash, KeepsEveryCommitWhenTheDiskIsFull) {
  const TemporaryTree folder;
  if (mount("layerwatt", folder.root().c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "cannot mount a small file system here: " << std::strerror(errno);
  struct Unmount {
    const TemporaryTree& folder;
    ~Unmount() { umount2(folder.root().c_str(), MNT_DETACH); }
  } const unmount{folder};
  WriterProcess writer{folder.at("run.lw")};
  const std::uint32_t told = writer.last_count();
  ASSERT_TRUE(WIFEXITED(writer.status())) << "signal " << WTERMSIG(writer.status());
  EXPECT_EQ(WEXITSTATUS(writer.status()), static_cast<int>(Errc::full));
  EXPECT_GT(told, 10u);
  const auto read = read_run_file(folder.at("run.lw"));  // while it is still full
  ASSERT_TRUE(read) << read.error().detail;
  expect_whole_inferences(*read, told);
}

// Root may write everywhere; as nobody it may not.
class AsNobody {
 public:
  AsNobody() {
    if (geteuid() == 0) changed_ = seteuid(65534) == 0;
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  ~AsNobody() {
    if (changed_ && seteuid(0) != 0) ADD_FAILURE() << "cannot become root again";
  }

 private:
  bool changed_ = false;
};

class ReadOnly {
 public:
  explicit ReadOnly(const TemporaryTree& folder) : folder_{folder} { set(0555); }
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;
  ~ReadOnly() { set(0755); }

 private:
  void set(unsigned mode) { std::filesystem::permissions(folder_.root(), std::filesystem::perms{mode}); }
  const TemporaryTree& folder_;
};

TEST(RunFileCrash, OpensInAFolderNobodyMayWriteTo) {
  const TemporaryTree folder;
  WriterProcess writer{folder.at("killed.lw")};
  const std::uint32_t told = writer.kill_after(5, {});
  std::filesystem::remove(folder.at("killed.lw-shm"));
  ASSERT_GT(std::filesystem::file_size(folder.at("killed.lw-wal")), 0u);
  Timeline whole;
  whole.events = {{at(1), "kept", ""}};
  ASSERT_TRUE(write_run_file(folder.at("whole.lw"), whole, false));
  // As others would copy it: the file without its log.
  std::filesystem::copy_file(folder.at("killed.lw"), folder.at("alone.lw"));

  const ReadOnly locked{folder};
  const AsNobody nobody;
  if (access(folder.root().c_str(), W_OK) == 0 && geteuid() == 0)
    GTEST_SKIP() << "cannot become another user";
  const auto killed = read_run_file(folder.at("killed.lw"));
  ASSERT_TRUE(killed) << killed.error().detail;
  EXPECT_GE(killed->inferences.size(), told);
  const auto read = read_run_file(folder.at("whole.lw"));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(*read == whole);
  const auto alone = read_run_file(folder.at("alone.lw"));
  ASSERT_TRUE(alone) << alone.error().detail;
  const auto refused = RunFileWriter::create(folder.at("new.lw"), false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::permission);
  const auto kept = RunFileWriter::create(folder.at("whole.lw"), true);
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, Errc::permission);
  EXPECT_TRUE(read_run_file(folder.at("whole.lw")));
  EXPECT_FALSE(std::filesystem::exists(folder.at("killed.lw-shm")));
}

TEST(RunFileCrash, SaysWhenAFileMayNotBeRead) {
  const TemporaryTree folder;
  ASSERT_TRUE(write_run_file(folder.at("run.lw"), Timeline{}, false));
  std::filesystem::permissions(folder.at("run.lw"), std::filesystem::perms{0});
  const AsNobody nobody;
  if (geteuid() == 0) GTEST_SKIP() << "cannot become another user";
  const auto read = read_run_file(folder.at("run.lw"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::permission);
}

}  // namespace
}  // namespace layerwatt
