// SPDX-License-Identifier: Apache-2.0
// A model is on disk whole or not at all.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "networks/network.h"
#include "networks/testing/scratch_folder.h"

namespace layerwatt {
namespace {

std::size_t files_in(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{folder}) ++count;
  return count;
}

// A limit on the size of files stands in for a full disk: the kernel refuses the write in the same place.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limited{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST(WriteModel, ADiskThatFillsUpLeavesNothingBehind) {
  const ScratchFolder folder;
  const auto path = folder.path() / "lenet5.onnx";
  {
    const FileSizeLimit limit{100'000};  // lenet5 needs 247 kB
    const auto written = write_zoo_network("lenet5", 1, path);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::full);
  }
  EXPECT_EQ(files_in(folder.path()), 0U);
  EXPECT_TRUE(write_zoo_network("lenet5", 1, path));
}

TEST(WriteModel, AFailureKeepsTheFileThatWasThere) {
  const ScratchFolder folder;
  const auto path = folder.write("lenet5.onnx", "what was there");
  {
    const FileSizeLimit limit{100'000};
    ASSERT_FALSE(write_zoo_network("lenet5", 1, path));
  }
  EXPECT_EQ(ScratchFolder::read(path), "what was there");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(WriteModel, AFolderThatIsMissingIsSaid) {
  const ScratchFolder folder;
  const auto written = write_zoo_network("lenet5", 1, folder.path() / "missing" / "lenet5.onnx");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::not_found);
}

TEST(WriteModel, WhatIsNoFileIsNotReplaced) {
  const ScratchFolder folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto written = write_zoo_network("lenet5", 1, pipe);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::exists);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST(WriteModel, TheFileHasTheUsersUsualPermissions) {
  const ScratchFolder folder;
  const auto path = folder.path() / "lenet5.onnx";
  const mode_t before = ::umask(0027);
  ASSERT_TRUE(write_zoo_network("lenet5", 1, path));
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

}  // namespace
}  // namespace layerwatt
