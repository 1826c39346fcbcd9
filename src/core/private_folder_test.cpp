// SPDX-License-Identifier: Apache-2.0
#include "core/private_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace layerwatt {
namespace {

TEST(PrivateFolder, IsOnlyForThisUserAndGoesWithTheObject) {
  std::filesystem::path path;
  {
    const auto folder = PrivateFolder::create();
    ASSERT_TRUE(folder);
    path = folder->path();
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
    std::ofstream{path / "profile.json"} << "[]";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PrivateFolder, OfAKilledProcessIsRemovedByTheNextOne) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto folder = PrivateFolder::create();
    const std::string name = folder ? folder->path().string() : "";
    if (write(ends[1], name.data(), name.size()) < 0) _exit(1);
    raise(SIGKILL);
  }
  close(ends[1]);
  char buffer[256] = {};
  ASSERT_GT(read(ends[0], buffer, sizeof buffer - 1), 0);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  ASSERT_TRUE(std::filesystem::exists(buffer));
  const auto folder = PrivateFolder::create();
  ASSERT_TRUE(folder);
  EXPECT_FALSE(std::filesystem::exists(buffer));
  EXPECT_TRUE(std::filesystem::exists(folder->path()));
}

}  // namespace
}  // namespace layerwatt
