// SPDX-License-Identifier: Apache-2.0
// The ring between two processes: testing/marked_program.c marks, this reads.
#include "markers/ring.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>
#include <vector>

#include "markers/testing/recording_sink.h"

namespace layerwatt {
namespace {

constexpr int inherited = 9;

// A running marked program, its standard input and output at hand.
class Program {
 public:
  Program(std::vector<std::string> arguments, int ring, const std::string& variable = "9") {
    int in[2], out[2];
    EXPECT_EQ(::pipe2(in, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
    arguments.insert(arguments.begin(), LAYERWATT_BUILD "/tests/layerwatt_marked_program");
    std::vector<char*> words;
    words.reserve(arguments.size() + 1);
    for (auto& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      if (ring >= 0) ::dup2(ring, inherited);
      ::setenv(mark_ring_variable, variable.c_str(), 1);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    output_ = out[0];
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    ::close(input_);
    ::close(output_);
    if (pid_ > 0) wait();
  }
  // The status of waitpid.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  bool has_ended(int& status) {
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
    pid_ = -1;
    return true;
  }
  // False at the end of its output.
  bool wait_for_line() {
    char byte = 0;
    while (::read(output_, &byte, 1) == 1)
      if (byte == '\n') return true;
    return false;
  }
  void go_on() { EXPECT_EQ(::write(input_, "g", 1), 1); }

 private:
  pid_t pid_ = -1;
  int input_ = -1, output_ = -1;
};

int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

MarkRing ring_with(const MarkRingOptions& options = {}) {
  auto ring = MarkRing::create(options);
  EXPECT_TRUE(ring) << ring.error().detail;
  return std::move(*ring);
}

TEST(MarkRing, CarriesMarksFromCAndCppInOrderThroughOneRing) {
  MarkRing ring = ring_with();
  EXPECT_EQ(exit_code(Program({"nest"}, ring.descriptor()).wait()), 0);
  RecordingSink sink;
  ring.drain(sink);
  EXPECT_EQ(sink.story(0), "B outer, B inner, E inner, I moment, E outer, B c++, E c++, B inner, E inner");
  ASSERT_EQ(sink.marks.size(), 9U);
  for (std::size_t i = 1; i < 7; ++i) EXPECT_LE(sink.marks[i - 1].at, sink.marks[i].at);
  EXPECT_EQ(sink.marks[7].at, Instant{Nanoseconds{1000}});
  EXPECT_EQ(sink.marks[7].number, 7U);
  EXPECT_EQ(sink.marks[8].at, Instant{Nanoseconds{2000}});
  EXPECT_EQ(ring.counts().written, 9U);
  EXPECT_EQ(ring.counts().dropped, 0U);
  EXPECT_EQ(ring.counts().damaged, 0U);
}

TEST(MarkRing, StampsOnTheClockOfTheReadings) {
  MarkRing ring = ring_with();
  const Instant before = system_clock().now();
  EXPECT_EQ(exit_code(Program({"nest"}, ring.descriptor()).wait()), 0);
  const Instant after = system_clock().now();
  RecordingSink sink;
  ring.drain(sink);
  ASSERT_FALSE(sink.marks.empty());
  EXPECT_GE(sink.marks.front().at, before);
  EXPECT_LE(sink.marks.front().at, after);
}

TEST(MarkRing, IsNotHeardWithoutAParent) {
  EXPECT_EQ(exit_code(Program({"listening"}, -1, "").wait()), 0);
  EXPECT_EQ(exit_code(Program({"listening"}, -1, "9").wait()), 0) << "descriptor is closed";
  MarkRing ring = ring_with();
  for (const std::string variable : {"", "9x", "-1", "99999999999999999999", "nine"})
    EXPECT_EQ(exit_code(Program({"listening"}, ring.descriptor(), variable).wait()), 0) << variable;
  EXPECT_EQ(exit_code(Program({"listening"}, ring.descriptor()).wait()), 1) << "control: the right one";
}

TEST(MarkRing, ProgramRefusesAnotherFileInItsPlace) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  EXPECT_EQ(exit_code(Program({"listening"}, null).wait()), 0);
  ::close(null);

  // The right content, but a file that could shrink under the program.
  const int unsealed = ::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  const lw_geometry_ geometry{1, 16, 4};
  ASSERT_EQ(::ftruncate(unsealed, static_cast<off_t>(lw_memory_size_(&geometry))), 0);
  lw_shared_memory_ head{};
  lay_out_rings(&head, geometry);
  ASSERT_EQ(::pwrite(unsealed, &head, sizeof head, 0), static_cast<ssize_t>(sizeof head));
  EXPECT_EQ(exit_code(Program({"listening"}, unsealed).wait()), 0);
  // Control: sealed, the same file is accepted; with a false size in its head it is not.
  ASSERT_EQ(::fcntl(unsealed, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  EXPECT_EQ(exit_code(Program({"listening"}, unsealed).wait()), 1);
  head.geometry.records = 1024;
  ASSERT_EQ(::pwrite(unsealed, &head, sizeof head, 0), static_cast<ssize_t>(sizeof head));
  EXPECT_EQ(exit_code(Program({"listening"}, unsealed).wait()), 0);
  ::close(unsealed);
}

TEST(MarkRing, CannotBeShrunkByTheChild) {
  const MarkRing ring = ring_with();
  EXPECT_NE(::ftruncate(ring.descriptor(), 0), 0);
}

TEST(MarkRing, CountsWhatDidNotFitAndNeverBlocks) {
  MarkRing ring = ring_with({2, 1024, 16});
  EXPECT_EQ(exit_code(Program({"flood", "5000"}, ring.descriptor()).wait()), 0);
  RecordingSink sink;
  ring.drain(sink);
  EXPECT_EQ(ring.counts().written, 1024U);
  EXPECT_EQ(ring.counts().dropped, 5000U - 1024U);
}

TEST(MarkRing, HandsTheRingsOfEndedThreadsOn) {
  MarkRing ring = ring_with({6, 64, 16});
  Program program({"in-turn", "40"}, ring.descriptor());
  RecordingSink sink;
  while (program.wait_for_line()) {
    ring.drain(sink);
    program.go_on();
  }
  EXPECT_EQ(exit_code(program.wait()), 0);
  ring.drain(sink);
  EXPECT_EQ(sink.marks.size(), 80U);
  EXPECT_EQ(ring.counts().dropped, 0U);
  EXPECT_EQ(sink.ended.size(), 40U);
  EXPECT_EQ(std::set<std::uint32_t>(sink.ended.begin(), sink.ended.end()).size(), 40U)
      << "a number is used once";
  EXPECT_EQ(sink.story(39), "B turn, E turn");
}

TEST(MarkRing, CountsTheMarksOfThreadsThatFoundNoRing) {
  MarkRing ring = ring_with({4, 64, 16});
  EXPECT_EQ(exit_code(Program({"together", "10"}, ring.descriptor()).wait()), 0);
  RecordingSink sink;
  ring.drain(sink);
  EXPECT_EQ(ring.counts().written, 8U);
  EXPECT_EQ(ring.counts().dropped, 12U);
}

TEST(MarkRing, GivesAForkedChildARingOfItsOwn) {
  MarkRing ring = ring_with();
  EXPECT_EQ(exit_code(Program({"fork"}, ring.descriptor()).wait()), 0);
  RecordingSink sink;
  ring.drain(sink);
  EXPECT_EQ(sink.story(0), "B before, E before, B after, E after");
  EXPECT_EQ(sink.story(1), "B child, E child");
}

TEST(MarkRing, TakesBackTheRingsOfKilledProcesses) {
  MarkRing ring = ring_with({2, 64, 16});
  RecordingSink sink;
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(WIFSIGNALED(Program({"die"}, ring.descriptor()).wait()));
    ring.drain(sink);
  }
  EXPECT_EQ(sink.marks.size(), 6U);
  EXPECT_EQ(ring.counts().dropped, 0U);
  EXPECT_EQ(sink.ended.size(), 6U);
}

TEST(MarkRing, BoundsTheTableOfNamesAndKeepsLongOnesApart) {
  MarkRing ring = ring_with({2, 1024, 64});
  EXPECT_EQ(exit_code(Program({"names", "61"}, ring.descriptor()).wait()), 0);
  RecordingSink sink;
  ring.drain(sink);
  std::set<std::string> long_names;
  for (const auto& mark : sink.marks)
    if (mark.name.front() == 'x') long_names.insert(mark.name);
  ASSERT_EQ(long_names.size(), 2U);
  EXPECT_EQ(long_names.begin()->size(), LW_NAME_BYTES_ - 1);
  EXPECT_EQ(ring.counts().names_refused, 0U);

  MarkRing small = ring_with({2, 1024, 64});
  EXPECT_EQ(exit_code(Program({"names", "100"}, small.descriptor()).wait()), 0);
  RecordingSink heard;
  small.drain(heard);
  // 63 slots for 100 numbered and two long names.
  EXPECT_EQ(small.counts().names_refused, 102U - 63U);
  EXPECT_EQ(heard.marks.size(), 204U);
  EXPECT_EQ(heard.marks.back().name, "(unnamed)");
}

TEST(MarkRing, SurvivesAChildThatScribblesOverTheMemory) {
  for (int seed = 1; seed <= 4; ++seed) {
    MarkRing ring = ring_with({8, 256, 32});
    Program program({"scribble", std::to_string(seed)}, ring.descriptor());
    RecordingSink sink;
    int status = 0;
    while (!program.has_ended(status)) {
      ring.drain(sink);
      // A drain gives at most one full ring for each thread, whatever `head` claims.
      EXPECT_LE(sink.marks.size(), 8U * 256U);
      for (const auto& mark : sink.marks) EXPECT_GE(mark.at, Instant{});
      sink.marks.clear();
    }
    EXPECT_EQ(exit_code(status), 0);
    ring.drain(sink);
    EXPECT_GT(ring.counts().damaged, 0U);
  }
}

}  // namespace
}  // namespace layerwatt
