// SPDX-License-Identifier: Apache-2.0
// The second shape of a power source: one that delivers by itself, as text. A stream driver names the program
// or file and takes lines apart; it opens nothing, starts nothing and takes no time: session/stream_source.h
// does. docs/streams.md is what users read.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"

namespace layerwatt {

// What StreamReading::stamp counts from.
enum class StampClock {
  arrival,   // no stamp comes with a value: all that is known is when its line came
  own,       // the source's own clock, with any zero and a rate of its own
  realtime,  // CLOCK_REALTIME of this machine, since 1970
  raw        // CLOCK_MONOTONIC_RAW of this machine: the clock of the run itself
};

struct StreamReading {
  std::size_t channel = 0;
  Value value;
  Nanoseconds stamp{};  // zero with StampClock::arrival
  bool operator==(const StreamReading&) const = default;
};

// Takes apart what a source says, line by line. Remembers what earlier lines said (a header, a count).
class StreamParser {
 public:
  virtual ~StreamParser() = default;
  // One line without its end; any bytes. Appends the readings in it; none for headers and comments.
  // malformed: the line is not of this format, and nothing was appended.
  virtual Result<void> parse(std::string_view line, std::vector<StreamReading>& into) = 0;
  // From now on channels() stays as it is. Called once, when a second of lines has come.
  virtual void settle() {}
  // Empty until the lines that tell have come.
  [[nodiscard]] virtual std::span<const Channel> channels() const = 0;
  [[nodiscard]] virtual StampClock clock() const = 0;  // settled with the channels
  // Why lines of the right format gave no channel, and what the user can do; empty when there is nothing to
  // say.
  [[nodiscard]] virtual std::string unusable() const { return {}; }
};

// How to come by the bytes: a program to run, or a file to follow.
struct StreamPlan {
  std::string device;                // what is behind it, for the run file: "demo", "/dev/ttyACM0"
  std::vector<std::string> command;  // program (searched in PATH) and arguments; empty: `file` is read
  std::filesystem::path file;        // a file that grows, a FIFO, a terminal; "-" is standard input
  std::string remedy;                // when the program is not there
  std::unique_ptr<StreamParser> parser;
};

struct StreamDriver {
  std::string_view name;     // file name, CLI name: "tegrastats"
  std::string_view usage;    // "tegrastats[:FILE]"
  std::string_view summary;  // one line for `layerwatt sensors`
  std::string_view program;  // that it runs; empty when it only reads files
  bool live;                 // false: a file made after a recording, for `layerwatt import` alone
  // `argument` is what the user wrote behind the name and its colon. `period` is what was asked for with -i;
  // zero = the driver's choice. malformed: the argument makes no sense.
  Result<StreamPlan> (*plan)(std::string_view argument, Nanoseconds period);
};

std::span<const StreamDriver* const> stream_drivers();

}  // namespace layerwatt
