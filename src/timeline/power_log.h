// SPDX-License-Identifier: Apache-2.0
// Power that others recorded, with their own time, and what it comes to over a window. Not a run: nothing
// says what ran meanwhile. Pure.
#pragma once
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/vocabulary.h"

namespace layerwatt {

struct PowerLog {
  struct Sample {
    Nanoseconds at;
    Value value;
  };
  Channel channel;
  std::vector<Sample> samples;
  bool timed = true;  // false: nothing says when samples were made, and `at` means nothing
};

// What is asked for of a log, in its own time; empty = from its beginning, to its end.
struct LogWindow {
  std::optional<Nanoseconds> from, to;
};

struct LogSummary {
  std::size_t samples = 0;
  std::optional<Nanoseconds> first, last;  // empty when the log has no times
  Watts mean, lowest, highest;             // the extremes are of samples, or of steps of a counter
  std::optional<Joules> energy;            // between first and last; empty when the log has no times
};

// Power is taken to go straight from sample to sample. malformed: fewer than two samples in the window, or a
// window of a log without times.
Result<LogSummary> summarise(const PowerLog& log, const LogWindow& window);

// In the line format of docs/streams.md, in the window. All logs have the times of the first; those of other
// lengths are refused as malformed.
Result<void> write_lines(const std::vector<PowerLog>& logs, const LogWindow& window,
                         const std::string& time_column, std::ostream& out);

}  // namespace layerwatt
